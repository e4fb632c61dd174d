import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createClock, createClockOrigin } from '@aiperf/records/clock';
import { createTimeline, type Timeline } from '@aiperf/records';
import { createTransport } from '@aiperf/transport';
import { answerText, endpointOf, type ParsedResponse } from '@aiperf/endpoints';
import { readRecording, type RecordedExchange, replayExchange } from '@aiperf/transport/testing';
import { describe, expect, test } from 'vitest';
import { startChatServer } from './support/chat-server.ts';
import { readRecordedAnswer } from './support/recorded-answer.ts';

const RECORDINGS = join(import.meta.dirname, '../../data/recordings');
const SERVERS = ['llama.cpp', 'vllm', 'vllm-stream-interval-4', 'transformers'];
/** Longer ones are replayed without their pauses by the transport package's own tests. */
const LONGEST_MS = 3_000;

/** From when the server has the request, a first token is never earlier than recorded, but for the resolution of the replaying timers … */
const EARLIEST_MS = -2;
/** … and late by what a busy machine adds when a hundred streams are replayed and read on one thread. */
const LATEST_MS = 400;
const MEDIAN_LATEST_MS = 40;

const recordings: readonly RecordedExchange[] = SERVERS.flatMap((server) =>
  readdirSync(join(RECORDINGS, server))
    .filter((name) => /^(chat|error-|four-|eight-).*\.json$/u.test(name))
    .map((name) => readRecording(join(RECORDINGS, server, name))),
).filter(
  ({ request, response: { reads } }) =>
    request.path === '/v1/chat/completions' && (reads.at(-1)?.t_ns ?? 0) <= LONGEST_MS * 1e6,
);

interface Replayed {
  /** When the server had read the request. */
  readonly receivedNs: number;
  /** Copied: the parser's result is overwritten by its next one. */
  readonly response: Pick<
    ParsedResponse,
    'finishReason' | 'usage' | 'contentEventCount' | 'firstContentNs' | 'error'
  > & { readonly text: string };
}

async function replayAll(kind: 'direct' | 'undici'): Promise<readonly Replayed[]> {
  const clock = createClock(createClockOrigin());
  const receivedNs: number[] = [];
  await using server = await startChatServer(({ body, socket }) => {
    const recording = recordings[Number(body)];
    receivedNs[Number(body)] = clock.now();
    if (recording !== undefined) void replayExchange(socket, recording, 'recorded');
  });
  const transport = await createTransport({
    baseUrls: [server.url],
    path: '/v1/chat/completions',
    headers: [],
    variableHeaderNames: [],
    kind,
    connectionReuse: 'never',
    requestTimeoutMs: 30_000,
    clock,
  });
  const timelines = await Promise.all(
    recordings.map(
      (_, index) =>
        new Promise<Timeline>((resolve) => {
          transport.send({
            request: { urlIndex: 0, variableHeaders: [], body: Buffer.from(String(index)) },
            timeline: createTimeline(),
            onEnd: ({ timeline }) => resolve(timeline),
          });
        }),
    ),
  );
  await transport.close();
  const parser = endpointOf('chat').createParser();
  return timelines.map((timeline, index) => {
    const { answer, finishReason, usage, contentEventCount, firstContentNs, error } = parser.parseResponse({
      timeline,
    });
    const text = answerText(answer);
    return {
      receivedNs: receivedNs[index] ?? Number.NaN,
      response: { text, finishReason, usage, contentEventCount, firstContentNs, error },
    };
  });
}

describe('recorded chat exchanges of real servers, replayed at their recorded times', () => {
  test.for(['direct', 'undici'] as const)('%s', async (kind) => {
    const replayed = await replayAll(kind);
    const lateMs: number[] = [];
    for (const [index, { receivedNs, response }] of replayed.entries()) {
      const recording = recordings[index];
      if (recording === undefined) throw new Error(`no recording ${index}`);
      const said = `${recording.server}/${recording.name}`;
      const expected = readRecordedAnswer(recording);
      if (expected.status !== 200 || !expected.isComplete) {
        expect(response.error?.code, said).toBe(
          expected.status === 0 ? 'connection_failed' : expected.status === 200 ? 'stream_cut' : 'http_status',
        );
        continue;
      }
      const { text, finishReason, completionTokens, contentEventCount, firstContentMs } = expected;
      expect(
        {
          text: response.text,
          finishReason: response.finishReason,
          completionTokens: response.usage?.completionTokens,
          contentEventCount: response.contentEventCount,
        },
        said,
      ).toEqual({ text, finishReason, completionTokens, contentEventCount });
      if (Number.isNaN(firstContentMs)) continue;
      const late = (response.firstContentNs - receivedNs) / 1e6 - firstContentMs;
      expect(late, said).toBeGreaterThan(EARLIEST_MS);
      expect(late, said).toBeLessThan(LATEST_MS);
      lateMs.push(late);
    }
    expect(lateMs.length).toBeGreaterThan(80);
    const median = lateMs.toSorted((a, b) => a - b)[Math.floor(lateMs.length / 2)] ?? Number.NaN;
    expect(median).toBeLessThan(MEDIAN_LATEST_MS);
  });
});
