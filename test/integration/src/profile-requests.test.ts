import { connect } from 'node:net';
import { readdir } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { chatAnswer, chatStream, type ReceivedRequest, startChatServer } from './support/chat-server.ts';
import { freePortOffset, TCP_BUS_PORTS } from './support/ports.ts';
import { readInputs, readRows, readSummary } from './support/run-results.ts';
import { workplace } from './support/workplace.ts';

const answerGood = ({ body, socket }: ReceivedRequest): void => {
  const { stream } = JSON.parse(body) as { readonly stream?: boolean };
  socket.write(stream === true ? chatStream('one', ' two', ' three') : chatAnswer('one two three'));
};

const sorted = (bodies: readonly object[]): readonly string[] => bodies.map((body) => JSON.stringify(body)).toSorted();

test('the server gets exactly what inputs.json says', async () => {
  await using server = await startChatServer(answerGood);
  await using place = await workplace();
  const args = [
    '--streaming',
    '--concurrency',
    '3',
    '--request-count',
    '12',
    '--osl',
    '7',
    '--extra-inputs',
    'ignore_eos:true',
  ];
  const { exitCode, stderr } = await place.profile(server.url, [...args, 'temperature:0.5']);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  const received = server.requests.map(({ body }) => JSON.parse(body) as object);
  const payloads = readInputs(place.results()).data.flatMap((session) => session.payloads);
  expect(payloads).toHaveLength(12);
  expect(sorted(received)).toEqual(sorted(payloads));
  for (const body of received) {
    const rest = { stream: true, model: 'mock', max_completion_tokens: 7, stream_options: { include_usage: true } };
    expect(body).toMatchObject({ ...rest, ignore_eos: true, temperature: 0.5 });
  }
  expect(new Set(server.requests.map(({ path }) => path))).toEqual(new Set(['/v1/chat/completions']));
});

test('a seed makes the same prompts again, another seed others', async () => {
  await using server = await startChatServer(answerGood);
  await using place = await workplace();
  const args = ['--concurrency', '2', '--request-count', '6', '--isl-stddev', '4', '--osl', '9', '--osl-stddev', '2'];
  for (const [name, seed] of [
    ['a', '7'],
    ['b', '7'],
    ['c', '8'],
  ] as const) {
    const { exitCode } = await place.profile(server.url, [...args, '--random-seed', seed], { name });
    expect(exitCode).toBe(0);
  }
  const [a, b, c] = ['a', 'b', 'c'].map((name) => readInputs(place.results(name)));
  expect(a?.data).toHaveLength(6);
  expect(b).toEqual(a);
  expect(c).not.toEqual(a);
  const bodies = server.requests.map(({ body }) => JSON.parse(body) as object);
  expect(sorted(bodies.slice(6, 12))).toEqual(sorted(bodies.slice(0, 6)));
});

test.for(['direct', 'undici'])(
  '%s: headers, key, path and extra inputs arrive with every request',
  async (transport) => {
    await using server = await startChatServer(answerGood);
    await using place = await workplace();
    const { exitCode } = await place.profile(server.url, [
      '--request-count',
      '5',
      '--transport',
      transport,
      '--api-key',
      'k-123',
      '--endpoint',
      '/custom/path',
      '--header',
      'X-Tenant:blue',
      '--header',
      'X-Trace: a:b',
      '--extra-inputs',
      '{"nested":{"a":[1,2]}}',
    ]);
    expect(exitCode).toBe(0);
    expect(server.requests).toHaveLength(5);
    for (const { path, headers, body } of server.requests) {
      expect(path).toBe('/custom/path');
      expect(headers).toMatchObject({
        authorization: 'Bearer k-123',
        'x-tenant': 'blue',
        'x-trace': 'a:b',
        accept: 'application/json',
        'content-type': 'application/json',
        'x-request-id': expect.stringMatching(/^[0-9a-f-]{36}$/u) as string,
      });
      expect(JSON.parse(body)).toMatchObject({ nested: { a: [1, 2] } });
    }
    const ids = server.requests.map(({ headers }) => String(headers['x-request-id']));
    expect(ids.toSorted()).toEqual(
      readRows(place.results())
        .map(({ x_request_id }) => x_request_id)
        .toSorted(),
    );
  },
);

test("tokens are counted here, or taken from the server's usage when that is asked for", async () => {
  const usage = 'data: {"choices":[],"usage":{"prompt_tokens":99,"completion_tokens":42,"total_tokens":141}}\n\n';
  await using server = await startChatServer(({ socket }) => {
    const [head = '', body = ''] = chatStream('one', ' two', ' three').split(/(?<=\r\n\r\n)/u);
    const events = body.replace('data: [DONE]', `${usage}data: [DONE]`);
    socket.write(head.replace(/Content-Length: \d+/u, `Content-Length: ${Buffer.byteLength(events)}`) + events);
  });
  await using place = await workplace();
  const args = ['--streaming', '--request-count', '3', '--concurrency', '1'];
  const counted = await place.profile(server.url, args, { name: 'counted' });
  const told = await place.profile(server.url, [...args, '--use-server-token-count'], { name: 'told' });
  expect([counted.exitCode, told.exitCode]).toEqual([0, 0]);
  const lengths = (name: string): object[] =>
    readRows(place.results(name)).map(({ input_sequence_length, output_sequence_length, usage_completion_tokens }) => ({
      input_sequence_length,
      output_sequence_length,
      usage_completion_tokens,
    }));
  const ours = { input_sequence_length: 16, output_sequence_length: 3, usage_completion_tokens: 42 };
  const theirs = { input_sequence_length: 99, output_sequence_length: 42, usage_completion_tokens: 42 };
  expect(lengths('counted')).toEqual([ours, ours, ours]);
  expect(lengths('told')).toEqual([theirs, theirs, theirs]);
  expect(readSummary(place.results('told'))).toMatchObject({ output_sequence_length: { avg: 42 } });
});

test('over TCP the documented ports are used and freed, and no socket file is made', async () => {
  let connected: readonly boolean[] = [];
  const offset = await freePortOffset();
  const isListening = (port: number): Promise<boolean> =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1', () => resolve(true));
      socket.once('error', () => resolve(false));
      socket.once('connect', () => socket.destroy());
    });
  const probe = (): Promise<readonly boolean[]> => Promise.all(TCP_BUS_PORTS.map((port) => isListening(port + offset)));
  let socketFiles: readonly string[] = ['not looked for'];
  await using place = await workplace();
  await using server = await startChatServer(({ socket, index }) => {
    if (index !== 0) return void socket.write(chatStream('one'));
    // While the first request is open, the run is live.
    void (async () => {
      connected = await probe();
      const files = await readdir(place.privateParent, { recursive: true, withFileTypes: true });
      socketFiles = files.filter((file) => file.isSocket()).map(({ name }) => name);
      socket.write(chatStream('one'));
    })();
  });
  const bus = ['--zmq-host', '127.0.0.1', '--zmq-port-offset', String(offset)];
  const { exitCode, stderr } = await place.profile(server.url, ['--streaming', '--request-count', '10', ...bus]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
  expect(connected).toEqual(TCP_BUS_PORTS.map(() => true));
  expect(socketFiles).toEqual([]);
  expect(await probe()).toEqual(TCP_BUS_PORTS.map(() => false));
  expect(await readdir(place.privateParent)).toEqual([]);
  expect(readRows(place.results())).toHaveLength(10);
});
