import { type ChaosConfig, LLMock } from '@copilotkit/aimock';
import { expect, test } from 'vitest';
import { readRows, readSummary } from './support/run-results.ts';
import { workplace } from './support/workplace.ts';

// A server that nobody here wrote, with other framing, other chunks and other faults than the mock server's.

interface ForeignServer extends AsyncDisposable {
  readonly url: string;
  /** Chat requests that it has got. */
  requestCount(): number;
}

const CONTENT = 'The quick brown fox jumps over the lazy dog, and then some more words follow.';

async function startForeignServer(chaos: ChaosConfig = {}): Promise<ForeignServer> {
  const server = new LLMock({ port: 0, host: '127.0.0.1', chunkSize: 8, chaos });
  server.onMessage(/./u, { content: CONTENT });
  const url = await server.start();
  return { url, requestCount: () => server.getRequests().length, [Symbol.asyncDispose]: () => server.stop() };
}

test.for([
  ['--streaming', 'direct'],
  ['--streaming', 'undici'],
  ['--no-streaming', 'direct'],
  ['--no-streaming', 'undici'],
])('%s over %s: every answer is read to its end', async ([streaming = '', transport = '']) => {
  await using server = await startForeignServer();
  await using place = await workplace();
  const load = [streaming, '--transport', transport, '--concurrency', '8', '--request-count', '60'];
  const { exitCode, stderr } = await place.profile(server.url, load);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const rows = readRows(place.results());
  expect(rows).toHaveLength(60);
  expect(new Set(rows.map(({ output_sequence_length }) => output_sequence_length)).size).toBe(1);
  for (const row of rows) expect(row).toMatchObject({ valid: true, error_kind: null, finish_reason: 'stop' });
});

test('faults of four kinds are told apart and none is taken for an answer', async () => {
  const rate = 0.2;
  await using server = await startForeignServer({
    dropRate: rate,
    malformedRate: rate,
    disconnectRate: rate,
    rateLimitRate: rate,
  });
  await using place = await workplace();
  const load = ['--streaming', '--concurrency', '8', '--request-count', '200'];
  const { exitCode } = await place.profile(server.url, load);
  expect(exitCode).toBe(0);
  const rows = readRows(place.results());
  const kinds = Object.groupBy(rows, (row) => `${row.error_kind ?? 'good'} ${row.error_code ?? ''}`.trim());
  const expected = ['good', 'http_status 500', 'http_status 429', 'invalid_response', 'connection_failed'];
  expect(expected).toEqual(expect.arrayContaining(Object.keys(kinds)));
  // The last is rare: a connection that was used before and is closed without an answer is tried once more.
  for (const kind of expected.slice(0, 4)) expect(kinds[kind]?.length ?? 0, kind).toBeGreaterThan(0);
  const resentCount = rows.reduce((sum, { resent_count }) => sum + resent_count, 0);
  expect(resentCount).toBeGreaterThan(0);
  expect(server.requestCount()).toBe(200 + resentCount);
  const good = kinds['good'] ?? [];
  expect(new Set(good.map(({ output_sequence_length }) => output_sequence_length)).size).toBe(1);
  expect(readSummary(place.results())).toMatchObject({
    request_count: { avg: good.length },
    error_request_count: { avg: 200 - good.length },
  });
});
