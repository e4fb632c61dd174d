import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readRecording, type RecordedExchange } from '@aiperf/transport/testing';
import { appendRead, createTimeline } from '@aiperf/records';
import type { Timeline } from '@aiperf/records';
import { fastParser, plainParser, snapshot } from './parser-fixture.test.support.ts';

const RECORDINGS = join(import.meta.dirname, '../../../../test/data/recordings');
const SERVERS = ['llama.cpp', 'vllm', 'vllm-stream-interval-4', 'transformers'];

/** The body of a recorded response with the read of each byte, by the plainest means. */
function timelineOf(exchange: RecordedExchange): Timeline {
  const reads = exchange.response.reads.map((read) => Buffer.from(read.b64, 'base64'));
  const bytes = Buffer.concat(reads);
  const readOfByte = reads.flatMap((read, i) => Array.from({ length: read.length }, () => i));
  const headEnd = bytes.indexOf('\r\n\r\n') + 4;
  const head = bytes.toString('latin1', 0, headEnd);
  const bodyOffsets: number[] = [];
  if (/^transfer-encoding: *chunked/imu.test(head)) {
    for (let at = headEnd; at < bytes.length;) {
      const lineEnd = bytes.indexOf('\r\n', at);
      const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
      if (lineEnd < 0 || size === 0) break;
      for (let i = 0; i < size && lineEnd + 2 + i < bytes.length; i++) bodyOffsets.push(lineEnd + 2 + i);
      at = lineEnd + 2 + size + 2;
    }
  } else {
    for (let i = headEnd; i < bytes.length; i++) bodyOffsets.push(i);
  }
  const timeline = createTimeline();
  for (const [i, read] of exchange.response.reads.entries()) {
    const offsets = bodyOffsets.filter((offset) => readOfByte[offset] === i);
    if (offsets.length > 0)
      appendRead(
        timeline,
        read.t_ns,
        Uint8Array.from(offsets, (offset) => bytes[offset] ?? 0),
      );
  }
  timeline.status = Number(head.slice(9, 12));
  timeline.statusText = /^HTTP\/1.1 \d+ (.*)/u.exec(head)?.[1] ?? '';
  timeline.contentType = /^content-type: *(.*?)\r/imu.exec(head)?.[1] ?? '';
  return timeline;
}

interface Choice {
  index: number;
  finish_reason?: string | null;
  delta?: Message;
  message?: Message;
}
interface Message {
  content?: string | null;
  tool_calls?: { function: { name?: string; arguments?: string } }[];
}
interface Usage {
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
}
interface Completion {
  choices?: Choice[];
  usage?: Usage | null;
}

/** What the recording says, read event by event with `JSON.parse` and nothing clever. */
function expectedOf(timeline: Timeline): object {
  const text = Buffer.from(timeline.body.subarray(0, timeline.bodyLength)).toString();
  const isStream = timeline.contentType.includes('event-stream');
  const events = isStream
    ? [...text.matchAll(/^data: (.*)\n\n/gmu)].map((match) => ({
        offset: Buffer.byteLength(text.slice(0, match.index)),
        data: match[1] ?? '',
      }))
    : [{ offset: timeline.bodyLength - 1, data: text }];
  const texts = new Map<number, string>();
  const finishReasons = new Map<number, string>();
  const contentTimesNs: number[] = [];
  let toolCallText = '';
  let usage: Usage | undefined;
  for (const { offset, data } of events) {
    if (data === '[DONE]' || data === 'null') continue;
    const completion = JSON.parse(data) as Completion;
    usage = completion.usage ?? usage;
    let hasContent = false;
    for (const { index, finish_reason, delta, message } of completion.choices ?? []) {
      const output = delta ?? message ?? {};
      texts.set(index, (texts.get(index) ?? '') + (output.content ?? ''));
      const calls = (output.tool_calls ?? []).map(
        (call) => (call.function.name ?? '') + (call.function.arguments ?? ''),
      );
      toolCallText += calls.join('');
      hasContent ||= (output.content ?? '') !== '' || calls.join('') !== '';
      if (typeof finish_reason === 'string') finishReasons.set(index, finish_reason);
    }
    if (hasContent) contentTimesNs.push(timeOf(timeline, offset));
  }
  const inOrder = <T>(map: Map<number, T>): T[] => [...map].toSorted(([a], [b]) => a - b).map(([, value]) => value);
  return {
    text: inOrder(texts).join(''),
    toolCallText,
    finishReason: inOrder(finishReasons)[0],
    usage: usage && {
      promptTokens: usage.prompt_tokens,
      completionTokens: usage.completion_tokens,
      totalTokens: usage.total_tokens,
    },
    contentTimesNs,
    firstContentNs: contentTimesNs[0] ?? Number.NaN,
    sawDone: events.some(({ data }) => data === '[DONE]'),
    isComplete: !isStream || events.some(({ data }) => data === '[DONE]') || finishReasons.size > 0,
  };
}

function timeOf(timeline: Timeline, offset: number): number {
  let end = 0;
  for (let i = 0; i < timeline.readCount; i++) {
    end += timeline.readLengths[i] ?? 0;
    if (offset < end) return timeline.readNs[i] ?? Number.NaN;
  }
  return Number.NaN;
}

function actualOf(timeline: Timeline): object {
  const response = fastParser().parseResponse({ timeline });
  const { usage } = response;
  return {
    text: response.answer.text,
    toolCallText: response.answer.toolCallText,
    finishReason: response.finishReason,
    usage: usage && {
      promptTokens: usage.promptTokens,
      completionTokens: usage.completionTokens,
      totalTokens: usage.totalTokens,
    },
    contentTimesNs: [...response.contentTimesNs.subarray(0, response.contentEventCount)],
    firstContentNs: response.firstContentNs,
    sawDone: response.sawDone,
    isComplete: response.error?.code !== 'stream_cut',
  };
}

const exchanges = SERVERS.flatMap((server) =>
  readdirSync(join(RECORDINGS, server))
    .filter((file) => file.endsWith('.json'))
    .map((file) => readRecording(join(RECORDINGS, server, file)))
    .filter(({ request, response }) => request.path === '/v1/chat/completions' && response.reads.length > 0),
);

const isGood = ({ response }: RecordedExchange): boolean =>
  Buffer.from(response.reads[0]?.b64 ?? '', 'base64')
    .toString('latin1')
    .startsWith('HTTP/1.1 200');

test('the recordings are here', () => {
  expect(exchanges.length, `chat recordings in ${RECORDINGS}`).toBeGreaterThan(150);
});

describe('a good response', () => {
  test.for(exchanges.filter(isGood))('$server $name is read as a plain decoder reads it', (exchange) => {
    const timeline = timelineOf(exchange);
    const expected = expectedOf(timeline);
    expect(actualOf(timeline)).toEqual(expected);
  });
});

describe('a failed request', () => {
  test.for(exchanges.filter((exchange) => !isGood(exchange)))(
    '$server $name has the message of the server',
    (exchange) => {
      const timeline = timelineOf(exchange);
      const { error } = fastParser().parseResponse({ timeline });
      expect(error).toMatchObject({ code: 'http_status', httpStatus: timeline.status });
      expect(error?.message.length).toBeGreaterThan(5);
    },
  );
});

describe('the fast path', () => {
  test.for(exchanges)('reads $server $name as the slow one does', (exchange) => {
    const timeline = timelineOf(exchange);
    const slow = plainParser();
    expect(snapshot(fastParser().parseResponse({ timeline }))).toStrictEqual(
      snapshot(slow.parseResponse({ timeline })),
    );
  });

  test('reads them as the slow one does in whatever pieces they come, one after the other', () => {
    const bodies = exchanges.map(timelineOf);
    const [fast, slow] = [fastParser(), plainParser()];
    const cuts = fc.array(fc.integer({ min: 1, max: 2000 }), { maxLength: 30 });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(bodies.length - 1), cuts), { minLength: 1, maxLength: 6 }), (responses) => {
        for (const [index, lengths] of responses) {
          const timeline = recut(bodies[index] ?? createTimeline(), lengths);
          expect(snapshot(fast.parseResponse({ timeline }))).toStrictEqual(snapshot(slow.parseResponse({ timeline })));
        }
      }),
      { numRuns: 150 },
    );
  });
});

/** The same response with its body cut anew. */
function recut(recorded: Timeline, lengths: readonly number[]): Timeline {
  const timeline = createTimeline();
  const body = recorded.body.subarray(0, recorded.bodyLength);
  let start = 0;
  for (const [i, length] of [...lengths, body.length].entries()) {
    if (start >= body.length) break;
    appendRead(timeline, 1000 * (i + 1), body.subarray(start, start + length));
    start += length;
  }
  const { status, statusText, contentType } = recorded;
  return Object.assign(timeline, { status, statusText, contentType });
}
