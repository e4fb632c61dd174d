import { readdirSync } from 'node:fs';
import path from 'node:path';

import { describe, expect, test } from 'vitest';

import { startRig } from '../testing/compliance/rig.ts';
import { readRecording, recordedBytes, replayExchange } from '../testing/replay.ts';
import { exchangeOnce } from '../testing/transport-rig.ts';
import { createTimeline } from '@aiperf/records';

import { ResponseParser } from './response-parser.ts';
import { DEFAULT_MAX_BODY_BYTES } from './transport-options.ts';

const RECORDINGS = path.resolve(import.meta.dirname, '../../../../test/data/recordings');
/** One write a byte costs 30 us: longer answers come byte by byte to the parser alone, and to the transports in the integration tests. */
const MAX_BYTEWISE_BYTES = 1500;
const SERVERS = ['llama.cpp', 'vllm', 'vllm-stream-interval-4', 'transformers'];

const files = SERVERS.flatMap((server) =>
  readdirSync(path.join(RECORDINGS, server))
    .filter((name) => name.startsWith('chat') && name.endsWith('.json'))
    .map((name) => path.join(RECORDINGS, server, name)),
);

const recordings = files.map((file) => readRecording(file));

interface Decoded {
  readonly status: number;
  readonly body: Buffer;
  readonly isComplete: boolean;
}

/** Reads a whole response at once, with the simplest means: nothing in common with the parser under test. */
function decode(bytes: Buffer): Decoded {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd === -1) return { status: 0, body: Buffer.alloc(0), isComplete: false };
  const head = bytes.toString('latin1', 0, headEnd);
  const status = Number(head.split(' ')[1]);
  const rest = bytes.subarray(headEnd + 4);
  const length = /^content-length: *(\d+)$/imu.exec(head)?.[1];
  if (length !== undefined) {
    return { status, body: rest.subarray(0, Number(length)), isComplete: rest.length >= Number(length) };
  }
  if (!/^transfer-encoding: *chunked$/imu.test(head)) return { status, body: rest, isComplete: true };
  const chunks: Buffer[] = [];
  for (let position = 0; ;) {
    const lineEnd = rest.indexOf('\r\n', position);
    if (lineEnd === -1) return { status, body: Buffer.concat(chunks), isComplete: false };
    const size = Number.parseInt(rest.toString('latin1', position, lineEnd), 16);
    if (size === 0) return { status, body: Buffer.concat(chunks), isComplete: rest.length >= lineEnd + 4 };
    chunks.push(rest.subarray(lineEnd + 2, lineEnd + 2 + size));
    position = lineEnd + 2 + size + 2;
  }
}

function expectedError({ status, isComplete }: Decoded): string | undefined {
  if (status === 0) return 'connection_failed';
  if (status !== 200) return 'http_status';
  return isComplete ? undefined : 'stream_cut';
}

describe('recorded chat exchanges of real servers', () => {
  test('the recordings are there', () => {
    expect(files.length, `recordings in ${RECORDINGS}`).toBeGreaterThan(100);
  });

  test.for(recordings.map((recording) => [`${recording.server}/${recording.name}`, recording] as const))(
    'parsed byte by byte: %s',
    ([, recording]) => {
      const bytes = recordedBytes(recording);
      const decoded = decode(bytes);
      const parser = new ResponseParser(DEFAULT_MAX_BODY_BYTES);
      const timeline = createTimeline();
      let result: string = 'more';
      let fedBytes = 0;
      while (fedBytes < bytes.length && result === 'more') {
        result = parser.feed(bytes, fedBytes, fedBytes + 1, timeline);
        fedBytes++;
      }
      expect(fedBytes).toBe(bytes.length);
      expect(result === 'complete' || (result === 'more' && parser.finish())).toBe(decoded.isComplete);
      expect(timeline.status).toBe(decoded.status);
      expect(decoded.body.equals(timeline.body.subarray(0, timeline.bodyLength))).toBe(true);
    },
  );

  describe.for([
    { kind: 'direct', skipsUnaskedContinue: true },
    { kind: 'undici', skipsUnaskedContinue: false },
  ] as const)('$kind transport', (subject) => {
    test.for(['one-read', 'bytes', 'pieces'] as const)('all of them, all at once: %s', async (mode) => {
      const chosen = recordings
        .map((recording, index) => ({ recording, index, decoded: decode(recordedBytes(recording)) }))
        .filter(({ recording }) => mode !== 'bytes' || recordedBytes(recording).length <= MAX_BYTEWISE_BYTES);
      await using rig = await startRig(subject, ({ socket, body }) => {
        const recording = recordings[Number(body.toString())];
        if (recording === undefined) throw new Error(`no recording ${body.toString()}`);
        void replayExchange(socket, recording, mode, seededRandom(Number(body.toString()) + 1));
      });
      await Promise.all(
        chosen.map(async ({ recording, index, decoded }) => {
          const timeline = await exchangeOnce(rig.transport, { body: Buffer.from(String(index)) });
          const said = `${recording.server}/${recording.name}`;
          expect(timeline.error?.code, said).toBe(expectedError(decoded));
          expect(timeline.status, said).toBe(decoded.status);
          expect(decoded.body.equals(timeline.body.subarray(0, timeline.bodyLength)), said).toBe(true);
        }),
      );
      expect(rig.server.requests.length).toBe(chosen.length);
    });
  });
});

function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
