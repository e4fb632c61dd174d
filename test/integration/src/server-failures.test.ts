import { readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import {
  chatEvent,
  chatStream,
  type ReceivedRequest,
  startChatServer,
  STREAM_HEAD,
  wholeResponse,
} from './support/chat-server.ts';
import { startMock } from './support/mock.ts';
import { closeServer, freePortOffset, listenOn } from './support/ports.ts';
import { csvValue, hasSummary, readJsonl, readRows, readSummary } from './support/run-results.ts';
import { workplace } from './support/workplace.ts';

const COUNT = 4;
const LOAD = ['--streaming', '--concurrency', '2', '--request-count', String(COUNT)];

interface Failure {
  readonly title: string;
  readonly kind: string;
  /** In the printed error table. */
  readonly words: string | RegExp;
  readonly answer: (request: ReceivedRequest) => void;
  readonly args?: readonly string[];
}

const respond =
  (text: string) =>
  ({ socket }: ReceivedRequest): void =>
    void socket.write(text);

const hangUpAfter =
  (text: string) =>
  ({ socket }: ReceivedRequest): void =>
    void socket.end(text);

const json = (status: string, body: object): string => wholeResponse(status, 'application/json', JSON.stringify(body));

const failures: readonly Failure[] = [
  {
    title: '401',
    kind: 'http_status',
    words: '401',
    answer: respond(json('401 Unauthorized', { error: { message: 'no key' } })),
  },
  { title: '404', kind: 'http_status', words: '404', answer: respond(json('404 Not Found', { detail: 'Not Found' })) },
  {
    title: '500 in plain text',
    kind: 'http_status',
    words: '500',
    answer: respond(wholeResponse('500 Internal Server Error', 'text/plain', 'boom')),
  },
  {
    title: 'a web page',
    kind: 'invalid_response',
    words: '<html>',
    answer: respond(wholeResponse('200 OK', 'text/html', '<html>hello</html>')),
  },
  {
    title: 'events that are not JSON',
    kind: 'invalid_response',
    words: 'JSON',
    answer: respond(wholeResponse('200 OK', 'text/event-stream', 'data: {nope\n\ndata: [DONE]\n\n')),
  },
  {
    title: 'an answer that is not JSON',
    kind: 'invalid_response',
    words: 'JSON',
    answer: respond(wholeResponse('200 OK', 'application/json', '{"choices": [')),
    args: ['--no-streaming'],
  },
  { title: 'no HTTP', kind: 'invalid_response', words: 'HTTP', answer: hangUpAfter('220 mail.example ESMTP\r\n') },
  {
    title: 'a connection closed without an answer',
    kind: 'connection_failed',
    words: /clos|empty|hang/iu,
    answer: hangUpAfter(''),
  },
  {
    title: 'a stream cut inside an event',
    kind: 'stream_cut',
    words: /cut|ended/u,
    answer: hangUpAfter(`${STREAM_HEAD}${chatEvent({ content: 'one' }).slice(0, -9)}`),
  },
  {
    title: 'a stream that ends without finish reason and [DONE]',
    kind: 'stream_cut',
    words: /finish/u,
    answer: hangUpAfter(`${STREAM_HEAD}${chatEvent({ content: 'one' })}`),
  },
  {
    title: 'a body shorter than its length',
    kind: 'stream_cut',
    words: /cut|ended|before/u,
    answer: hangUpAfter(chatStream('one').slice(0, -20)),
  },
  {
    title: 'an error event in the stream',
    kind: 'in_band_error',
    words: 'out of memory',
    answer: respond(
      wholeResponse(
        '200 OK',
        'text/event-stream',
        `${chatEvent({ content: 'one' })}data: {"error":{"message":"out of memory","code":500}}\n\ndata: [DONE]\n\n`,
      ),
    ),
  },
  { title: 'a stream without any text', kind: 'empty_output', words: /output|empty/u, answer: respond(chatStream()) },
  {
    title: 'an empty body',
    kind: 'stream_cut',
    words: '0 events',
    answer: respond(wholeResponse('200 OK', 'text/event-stream', '')),
  },
];

test.concurrent.for(failures)(
  '$title: exit 1, counted as $kind, records kept, nothing summarised',
  async ({ kind, words, answer, args = [] }, { expect }) => {
    await using server = await startChatServer(answer);
    await using place = await workplace();
    const load = args.includes('--no-streaming') ? LOAD.slice(1) : LOAD;
    const { exitCode, stdout, stderr } = await place.profile(server.url, load);
    expect({ exitCode, stderr }).toEqual({
      exitCode: 1,
      stderr: 'aiperf: no request succeeded; see the error table\n',
    });
    await expectAllFailed(place.results(), kind);
    expect(stdout).toMatch(words);
  },
);

async function expectAllFailed(runDirectory: string, kind: string): Promise<void> {
  const rows = readRows(runDirectory);
  const failed = { error_kind: kind, valid: false, was_cancelled: false, error_type: expect.any(String) as string };
  expect(rows).toEqual(Array.from({ length: COUNT }, () => expect.objectContaining(failed) as unknown));
  const lines = readJsonl(runDirectory);
  expect(lines).toHaveLength(COUNT);
  for (const { error } of lines) expect(error?.message).toEqual(expect.stringMatching(/./u));
  expect(hasSummary(runDirectory)).toBe(false);
  expect(await readdir(runDirectory)).toEqual(expect.arrayContaining(['inputs.json', 'logs', 'profile_export.arrow']));
}

describe('no server is reached', () => {
  test.for(['direct', 'undici'])('%s: nobody listens', async (transport) => {
    const port = 5557 + (await freePortOffset());
    await using place = await workplace();
    const { exitCode, stdout } = await place.profile(`http://127.0.0.1:${port}`, [...LOAD, '--transport', transport]);
    expect(exitCode).toBe(1);
    await expectAllFailed(place.results(), 'connection_refused');
    expect(stdout).toContain('ECONNREFUSED');
  });

  test.for(['direct', 'undici'])('%s: the name does not exist', async (transport) => {
    await using place = await workplace();
    const { exitCode, stdout } = await place.profile('http://name.invalid:8000', [...LOAD, '--transport', transport]);
    expect(exitCode).toBe(1);
    await expectAllFailed(place.results(), 'dns_failure');
    expect(stdout).toContain('name.invalid');
  });

  test.for(['direct', 'undici'])('%s: TLS is spoken to a plain port', async (transport) => {
    await using server = await startMock();
    await using place = await workplace();
    const { exitCode } = await place.profile(server.url.replace('http:', 'https:'), [
      ...LOAD,
      '--transport',
      transport,
    ]);
    expect(exitCode).toBe(1);
    await expectAllFailed(place.results(), 'tls_failure');
  });

  test('a server that accepts and never answers', async () => {
    const port = 5557 + (await freePortOffset());
    const silent = await listenOn(port);
    try {
      await using place = await workplace();
      const limit = ['--request-timeout-seconds', '0.3'];
      const { exitCode } = await place.profile(`http://127.0.0.1:${port}`, [...LOAD, ...limit]);
      expect(exitCode).toBe(1);
      await expectAllFailed(place.results(), 'timeout');
    } finally {
      await closeServer(silent);
    }
  });
});

test('half of the requests fail: exit 0, and every failure is counted by kind', async () => {
  await using server = await startChatServer((request) => {
    const answers = [
      respond(chatStream('one')),
      respond(json('503 Service Unavailable', {})),
      respond(chatStream('two')),
      respond(chatStream()),
    ];
    answers[request.index % answers.length]?.(request);
  });
  await using place = await workplace();
  const { exitCode, stdout } = await place.profile(server.url, [
    '--streaming',
    '--concurrency',
    '4',
    '--request-count',
    '40',
  ]);
  expect(exitCode).toBe(0);
  const rows = readRows(place.results());
  expect(Object.groupBy(rows, ({ error_kind }) => error_kind ?? 'none')).toMatchObject({
    none: { length: 20 },
    http_status: { length: 10 },
    empty_output: { length: 10 },
  });
  const summary = readSummary(place.results());
  expect(summary).toMatchObject({ request_count: { avg: 20 }, error_request_count: { avg: 20 } });
  expect(summary.error_summary.map(({ count }) => count)).toEqual([10, 10]);
  expect(summary.error_summary.map(({ error_details }) => error_details.code)).toContain(503);
  expect(csvValue(place.results(), 'Error Request Count')).toBe(20);
  expect(stdout).toContain('503');
});

test('faults of the mock server are all counted', async () => {
  await using server = await startMock({ errorRatio: 0.2, cutRatio: 0.2, inBandErrorRatio: 0.2, seed: 5, itlMs: 0.5 });
  await using place = await workplace();
  const { exitCode } = await place.profile(server.url, [
    '--streaming',
    '--concurrency',
    '8',
    '--request-count',
    '200',
    '--osl',
    '5',
  ]);
  expect(exitCode).toBe(0);
  const rows = readRows(place.results());
  expect(rows).toHaveLength(200);
  expect(rows.filter(({ valid }) => valid)).toHaveLength(await server.succeeded());
  const kinds = new Set(rows.map(({ error_kind }) => error_kind));
  expect(kinds).toEqual(new Set([null, 'http_status', 'stream_cut', 'in_band_error']));
  const errors = rows.filter(({ valid }) => !valid).length;
  expect(readSummary(place.results())).toMatchObject({ error_request_count: { avg: errors } });
});

test('a load that ends before its first request: exit 1, and it is said why', async () => {
  await using server = await startMock();
  await using place = await workplace();
  const load = ['--streaming', '--request-rate', '0.001', '--benchmark-duration', '0.2', '--random-seed', '1'];
  const { exitCode, stderr } = await place.profile(server.url, load);
  expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: 'aiperf: no request was sent within the time given\n' });
  expect(readRows(place.results())).toEqual([]);
  expect(readSummary(place.results())).toMatchObject({ quality: { load: [{ sent: 0, never_sent: 0 }] } });
});

test('a load of which every request is cancelled: exit 1, and it is said why', async () => {
  await using server = await startMock({ ttftMs: 500 });
  await using place = await workplace();
  const load = ['--streaming', '--request-count', '3', '--request-cancellation-rate', '100'];
  const { exitCode, stderr } = await place.profile(server.url, load);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 1,
    stderr: 'aiperf: every request was cancelled before it had ended\n',
  });
  expect(readSummary(place.results())).toMatchObject({ quality: { load: [{ sent: 3, cancelled: 3, failed: 0 }] } });
});
