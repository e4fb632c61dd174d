import type { Endpoint } from '@aiperf/endpoints';
import type { RequestRecord } from '@aiperf/records';
import { endpointOf } from '@aiperf/endpoints';
import { describe, expect, test } from 'vitest';
import { ChunkCollector, createChunkSchema } from './response-chunks.ts';
import { sentBody } from './sent-body.ts';
import { readMessage } from '@aiperf/records/testing';
import { requestRecord } from './test-records.test.support.ts';

const ORIGIN_EPOCH_NS = 1_795_333_439_000_000_000n;
const schema = createChunkSchema(new Map([['aiperf.benchmark_id', 'x']]));

function rowsOf(records: readonly RequestRecord[]): Record<string, unknown>[] {
  const collector = new ChunkCollector({
    originEpochNs: ORIGIN_EPOCH_NS,
    requestId: ({ creditId }) => `request-${creditId}`,
    sentBody: () => Buffer.from('{"a":"é"}'),
  });
  for (const record of records) collector.add(record);
  const message = collector.take();
  expect(collector.byteCount).toBe(0);
  expect(collector.take()).toBeUndefined();
  if (message === undefined) return [];
  const table = readMessage(schema, message);
  const column = table.getChild('time_ns');
  // As a row's value, arrow-js gives milliseconds.
  const nanoseconds = column?.data.flatMap(({ values }) => Array.from(values as BigInt64Array)) ?? [];
  return table.toArray().map((row, i) => {
    const values = (row as { toJSON(): Record<string, unknown> }).toJSON();
    return Object.assign(values, { time_ns: column?.get(i) === null ? null : nanoseconds[i] });
  });
}

describe('ChunkCollector', () => {
  test('a stream is its request and its events, each with the time of its read', () => {
    const reads = [
      [5_000_000, 'data: 1\n\ndata: 2\n\n'],
      [7_000_000, 'data: [DONE]\n\n'],
    ] as const;
    const request = { x_request_id: 'request-3', kind: 'request', field: null, event_index: null, read_index: null };
    const event = { x_request_id: 'request-3', kind: 'event', field: 'data', http_status: null, content_type: null };
    expect(rowsOf([requestRecord({ creditId: 3, reads })])).toEqual([
      {
        ...request,
        value: '{"a":"é"}',
        time_ns: ORIGIN_EPOCH_NS + 1_000_000n,
        http_status: 200,
        content_type: 'text/event-stream',
      },
      { ...event, value: '1', time_ns: ORIGIN_EPOCH_NS + 5_000_000n, event_index: 0, read_index: 0 },
      { ...event, value: '2', time_ns: ORIGIN_EPOCH_NS + 5_000_000n, event_index: 1, read_index: 0 },
      { ...event, value: '[DONE]', time_ns: ORIGIN_EPOCH_NS + 7_000_000n, event_index: 2, read_index: 1 },
    ]);
  });

  test('any other response is one text with the time of its last read', () => {
    const reads = [
      [5_000_000, '{"text":'],
      [8_000_000, '"x"}'],
    ] as const;
    const rows = rowsOf([requestRecord({ reads, timeline: { contentType: 'application/json' } })]);
    expect(rows).toHaveLength(2);
    expect(rows[1]).toMatchObject({
      kind: 'text',
      value: '{"text":"x"}',
      time_ns: ORIGIN_EPOCH_NS + 8_000_000n,
      read_index: 1,
      event_index: null,
    });
  });

  test('a request that was never written has the time at which it was handed over, and no status', () => {
    const timeline = { startNs: Number.NaN, status: 0, contentType: '' };
    expect(rowsOf([requestRecord({ timeline })])).toEqual([
      expect.objectContaining({
        kind: 'request',
        time_ns: ORIGIN_EPOCH_NS + 990_000n,
        http_status: null,
        content_type: null,
      }) as unknown,
    ]);
  });

  test('without requests there is nothing to take', () => {
    expect(rowsOf([])).toEqual([]);
  });
});

describe('sentBody', () => {
  const endpoint: Endpoint = endpointOf('chat');
  const stored = (content: string): Uint8Array =>
    Buffer.from(`{"messages":[{"role":"user","content":"${content}"}],"model":"m"}`);
  const turns = [stored('one'), stored('two'), stored('three')];
  const store = {
    turn: (_conversation: number, turn: number) => ({ body: turns[turn] ?? stored('?'), inputTokens: 1 }),
  };

  test('a first turn is what the store has', () => {
    expect(sentBody(store, endpoint, requestRecord())).toBe(turns[0]);
  });

  test('a later turn has the turns and replies before it', () => {
    const record = requestRecord({ turnIndex: 2, historyReplies: ['first', 'second'] });
    const body = JSON.parse(Buffer.from(sentBody(store, endpoint, record)).toString()) as {
      readonly messages: readonly { readonly role: string; readonly content: string }[];
    };
    expect(body.messages.map(({ role, content }) => `${role}: ${content}`)).toEqual([
      'user: one',
      'assistant: first',
      'user: two',
      'assistant: second',
      'user: three',
    ]);
  });
});
