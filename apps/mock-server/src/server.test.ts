import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import type { MockServerOptions } from './options.ts';
import type { SendLogEntry } from './send-log.ts';
import { startMockServer, type MockServer } from './server.ts';

interface Disposable extends MockServer {
  [Symbol.asyncDispose](): Promise<void>;
}

async function mockServer(options: Partial<MockServerOptions> = {}): Promise<Disposable> {
  const server = await startMockServer({ port: 0, ...options });
  return Object.assign(server, { [Symbol.asyncDispose]: () => server.close() });
}

function chat(server: MockServer, fields: object = {}, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { connection: 'close', ...headers },
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'one two three' }], ...fields }),
  });
}

interface Chunk {
  readonly choices: readonly { readonly delta: { readonly content?: string }; readonly finish_reason: string | null }[];
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

function events(text: string): string[] {
  return text
    .split('\n\n')
    .filter((event) => event !== '')
    .map((event) => event.replace(/^data: /u, ''));
}

test('an answer to HEAD has no body, so that the next answer on the connection is found', async () => {
  await using server = await mockServer();
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('utf8').on('data', (part: string) => {
    text += part;
  });
  socket.end('HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\nGET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await once(socket, 'close');
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*?Content-Length: \d+\r\n\r\nHTTP\/1\.1 200 OK\r\n/);
});

describe('chat completions', () => {
  test('a stream has a role event, one event a token, the finish reason, usage and [DONE]', async () => {
    await using server = await mockServer();
    const answer = await chat(server, { stream: true, max_tokens: 3, stream_options: { include_usage: true } });
    const all = events(await answer.text());
    const chunks = all.slice(0, -1).map((event) => JSON.parse(event) as Chunk);
    expect(all.at(-1)).toBe('[DONE]');
    expect(chunks.map(({ choices }) => choices[0]?.delta.content)).toEqual(['', ' the', ' of', ' and', undefined]);
    expect(chunks.map(({ choices }) => choices[0]?.finish_reason)).toEqual([null, null, null, 'length', undefined]);
    expect(chunks.at(-1)?.usage).toMatchObject({ prompt_tokens: 3, completion_tokens: 3 });
  });

  test('without streaming the whole text comes at once with its usage', async () => {
    await using server = await mockServer({ outputTokens: 2 });
    const answer = (await (await chat(server, { max_tokens: 9 })).json()) as {
      choices: { message: { content: string }; finish_reason: string }[];
      usage: { completion_tokens: number };
    };
    expect(answer.choices[0]).toMatchObject({ message: { content: ' the of' }, finish_reason: 'stop' });
    expect(answer.usage.completion_tokens).toBe(2);
  });

  test('several tokens may share an event, and none may come at all', async () => {
    await using several = await mockServer({ tokensPerChunk: 2 });
    await using none = await mockServer({ outputTokens: 0 });
    const texts = events(await (await chat(several, { stream: true, max_tokens: 3 })).text());
    const silent = events(await (await chat(none, { stream: true, max_tokens: 3 })).text());
    expect(texts.filter((event) => event.includes('"content":" the of"'))).toHaveLength(1);
    expect(silent.filter((event) => event.includes('"content":" '))).toHaveLength(0);
  });

  test.for([
    ['not JSON', '{', 400],
    ['no messages', '{}', 400],
    ['a negative length', '{"messages":[{"content":"x"}],"max_tokens":-1}', 400],
  ] as const)('%s is refused', async ([, body, status]) => {
    await using server = await mockServer();
    const answer = await fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      body,
      headers: { connection: 'close' },
    });
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ error: { code: status } });
  });
});

describe('faults', () => {
  test('an error rate of 1 answers every request with the chosen status', async () => {
    await using server = await mockServer({ errorRatio: 1, errorStatus: 503 });
    const answer = await chat(server, { stream: true });
    expect(answer.status).toBe(503);
    await answer.text();
  });

  test('a cut stream ends before its last event', async () => {
    await using server = await mockServer({ cutRatio: 1 });
    await expect(chat(server, { stream: true, max_tokens: 8 }).then((answer) => answer.text())).rejects.toThrow();
  });

  test('an in-band error is an event of a 200 stream', async () => {
    await using server = await mockServer({ inBandErrorRatio: 1 });
    const answer = await chat(server, { stream: true, max_tokens: 8 });
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain('"error"');
  });

  test('a wrong key gets 401', async () => {
    await using server = await mockServer({ apiKey: 'right' });
    const wrong = await chat(server, {}, { authorization: 'Bearer wrong' });
    const right = await chat(server, {}, { authorization: 'Bearer right' });
    expect([wrong.status, right.status]).toEqual([401, 200]);
    await Promise.all([wrong.text(), right.text()]);
  });
});

async function read(socket: Socket, until: string): Promise<string> {
  let text = '';
  while (!text.includes(until)) text += String((await once(socket, 'data'))[0]);
  return text;
}

test('pipelined and byte-wise requests on one connection are answered in order', async () => {
  await using server = await mockServer();
  const { hostname, port } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  const request = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
  socket.write(request('/health') + request('/nowhere'));
  const both = await read(socket, 'no such path');
  for (const byte of request('/v1/models')) socket.write(byte);
  const models = await read(socket, '"mock"');
  socket.destroy();
  expect(both).toMatch(/^HTTP\/1.1 200 OK[^]*HTTP\/1.1 404 Not Found/u);
  expect(models).toContain('HTTP/1.1 200 OK');
});

test('a TLS handshake gets an answer, so that the client does not wait for one', async () => {
  await using server = await mockServer();
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  socket.setEncoding('latin1').write(Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]));
  let answer = '';
  for await (const text of socket) answer += text as string;
  expect(answer).toMatch(/^HTTP\/1\.1 400 /u);
});

test('requests beyond the limit wait, and the metrics page counts them under vLLM names', async () => {
  await using server = await mockServer({ maxConcurrency: 1, model: 'm' });
  const answers = await Promise.all([1, 2, 3].map(() => chat(server, { stream: true, max_tokens: 2 })));
  await Promise.all(answers.map((answer) => answer.text()));
  const page = await (await fetch(`${server.url}/metrics`, { headers: { connection: 'close' } })).text();
  expect(page).toContain('vllm:num_requests_running{model_name="m"} 0');
  expect(page).toContain('vllm:generation_tokens_total{model_name="m"} 6');
  expect(page).toContain('vllm:time_to_first_token_seconds_count{model_name="m"} 3');
});

test('the send log holds one line a request with a stamp for each write of tokens', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'mock-server-'));
  const sendLog = join(directory, 'send.jsonl');
  try {
    const server = await startMockServer({ port: 0, sendLog });
    await (await chat(server, { stream: true, max_tokens: 4 }, { 'x-request-id': 'r-1' })).text();
    await server.close();
    const [line, rest] = (await readFile(sendLog, 'utf8')).split('\n');
    const entry = JSON.parse(line ?? '') as SendLogEntry;
    expect(rest).toBe('');
    expect(entry).toMatchObject({ requestId: 'r-1', outputTokens: 4, outcome: 'completed' });
    expect(entry.tokenWriteNs).toHaveLength(4);
    expect(entry.tokenWriteNs).toEqual([...entry.tokenWriteNs].sort((a, b) => a - b));
    expect(entry.tokenWriteNs[0]).toBeGreaterThanOrEqual(entry.receivedNs);
  } finally {
    await rm(directory, { recursive: true });
  }
});
