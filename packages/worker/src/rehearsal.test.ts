import { createClock } from '@aiperf/records/clock';
import { expect, test } from 'vitest';
import { endpointOf } from '@aiperf/endpoints';
import { createTransport } from '@aiperf/transport';
import { rehearse, type RehearsalParts } from './rehearsal.ts';
import { VARIABLE_HEADER_NAMES, Worker } from './worker.ts';

/** The first address of a block that is reserved for documentation: no machine has it. */
const FOREIGN_ADDRESS = '192.0.2.1';

function partsWith(
  turn: () => { body: Uint8Array; inputTokens: number },
): RehearsalParts & { readonly urls: string[] } {
  const clock = createClock();
  const urls: string[] = [];
  return {
    clock,
    urls,
    store: { conversationCount: 3 },
    createTransport: (baseUrl) => {
      urls.push(baseUrl);
      return createTransport({
        baseUrls: [baseUrl],
        path: '/v1/chat/completions',
        headers: [],
        variableHeaderNames: VARIABLE_HEADER_NAMES,
        kind: 'direct',
        connectionReuse: 'pooled',
        requestTimeoutMs: 10_000,
        clock,
      });
    },
    createWorker: (transport, onRecord, onFailure) =>
      new Worker({
        clock,
        transport,
        onRecord,
        onFailure,
        store: { turn },
        endpoint: endpointOf('chat'),
        urlCount: 1,
        benchmarkId: '0123456789ab',
      }),
  };
}

const socketCount = (): number => process.getActiveResourcesInfo().filter((name) => name.startsWith('TCP')).length;

test.for([
  ['small', 200],
  ['of several reads', 300_000],
] as const)('requests that are %s are answered, and no socket is left', async ([, bodyBytes]) => {
  const before = socketCount();
  const parts = partsWith(() => ({ body: new Uint8Array(bodyBytes), inputTokens: 1 }));
  const { completedCount, problem } = await rehearse(parts);
  expect(problem).toBeUndefined();
  expect(completedCount).toBeGreaterThan(0);
  expect(parts.urls).toEqual([expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/u)]);
  await expect.poll(socketCount).toBe(before);
});

test('without an address to listen on nothing is sent and nothing thrown', async () => {
  const parts = partsWith(() => ({ body: new Uint8Array(1), inputTokens: 1 }));
  const { completedCount, problem } = await rehearse(parts, FOREIGN_ADDRESS);
  expect(completedCount).toBe(0);
  expect(problem).toContain('EADDRNOTAVAIL');
  expect(parts.urls).toEqual([]);
});

test('a dataset that cannot be read ends it; the run will say so', async () => {
  const parts = partsWith(() => {
    throw new Error('the file is gone');
  });
  await expect(rehearse(parts)).resolves.toEqual({ completedCount: 0, problem: 'the file is gone' });
});
