import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { receiveEach, type RouterSocket, type Service } from '@aiperf/comms';
import { createTestContext } from '@aiperf/comms/testing';
import { parseProfileArguments, type RunPlan } from '@aiperf/config';
import { createDatasetStoreWriter, storeDirectory } from '@aiperf/dataset';
import { createClockOrigin } from '@aiperf/records/clock';
import {
  CREDIT_MESSAGE_KINDS,
  CREDIT_OUTCOMES,
  decodeCreditReturnBatch,
  encodeCreditBatch,
  type PhaseStart,
} from '@aiperf/timing';
import { expect, test } from 'vitest';
import { answerText, endpointOf } from '@aiperf/endpoints';
import type { WorkerMessages } from './messages.ts';
import { createRawBatchDecoder, createRequestIds } from '@aiperf/records';
import { createWorker } from './service.ts';
import type { Timeline } from '@aiperf/records';

const decode = await createRawBatchDecoder();

interface Answer {
  readonly creditId: number;
  readonly phaseIndex: number;
  readonly workerId: string;
  readonly text: string;
  readonly errorCode: string | undefined;
  readonly errorMessage: string | undefined;
  readonly cancelled: boolean;
  readonly latencyNs: number;
  readonly timeline: Pick<Timeline, 'startNs' | 'sendEndNs' | 'endNs'>;
  readonly inputTokens: number;
}

/** A worker between a timing manager, a record processor and a server, all of which the test plays. */
interface Rig extends AsyncDisposable {
  readonly service: Service<RunPlan>;
  readonly plan: RunPlan;
  readonly requests: { readonly headers: http.IncomingHttpHeaders; readonly body: string; readonly path: string }[];
  /** Kinds of the messages from the worker, in order, with the outcomes of returned credits. */
  readonly messages: string[];
  readonly answers: Answer[];
  readonly failures: readonly Error[];
  readonly connectionCount: () => number;
  begin(more?: Partial<PhaseStart>): Promise<void>;
  grant(ids: readonly number[], cancelAfterNs?: number): Promise<void>;
  send(kind: string, payload: Uint8Array): Promise<void>;
  /** Resolves when the predicate holds; asked again whenever something arrives. */
  until(predicate: () => boolean): Promise<void>;
}

async function createRig(respond: http.RequestListener, argv: readonly string[] = []): Promise<Rig> {
  const directory = await mkdtemp(join(tmpdir(), 'aiperf-worker-'));
  const requests: Rig['requests'] = [];
  const messages: string[] = [];
  const answers: Answer[] = [];
  const waiting: { predicate: () => boolean; resolve: () => void }[] = [];
  const arrived = (): void => {
    for (const wait of waiting.splice(0)) {
      if (wait.predicate()) wait.resolve();
      else waiting.push(wait);
    }
  };
  let connectionCount = 0;
  const server = http.createServer((request, response) => {
    let body = '';
    request.on('data', (bytes: Buffer) => (body += bytes.toString()));
    request.on('end', () => {
      requests.push({ headers: request.headers, body, path: request.url ?? '' });
      respond(request, response);
      arrived();
    });
  });
  server.on('connection', () => {
    connectionCount++;
    arrived();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const parsed = parseProfileArguments(['-m', 'm', '--url', url, '--streaming', ...argv], { isTty: false });
  if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('\n'));
  const plan: RunPlan = {
    benchmarkId: '0123456789ab',
    config: parsed.config,
    clockOrigin: createClockOrigin(),
    runDirectory: directory,
    privateDirectory: directory,
    workerIds: ['worker_0', 'worker_1'],
    recordProcessorIds: [],
    commandLine: '',
  };
  {
    using store = createDatasetStoreWriter(storeDirectory(directory));
    store.add({ id: 'session_0', turns: [{ body: Buffer.from('{"n":0}'), inputTokens: 7 }] });
    store.finish();
  }
  const worker = createTestContext<WorkerMessages>({ serviceId: 'worker_0' });
  const timing = worker.peer('timing_manager');
  const router: RouterSocket = await timing.context.sockets.router('credits');
  router.messages$.subscribe(({ frames: [kind, payload] }) => {
    const name = Buffer.from(kind ?? []).toString();
    if (name === CREDIT_MESSAGE_KINDS.creditReturn && payload !== undefined) {
      for (const outcome of decodeCreditReturnBatch(payload).outcomes) messages.push(CREDIT_OUTCOMES[outcome] ?? '?');
    } else {
      messages.push(name);
    }
    arrived();
  });
  const processor = worker.peer('record_processor_0');
  const parser = endpointOf('chat').createParser();
  receiveEach(processor.context.sockets.pull('raw_inference_proxy_backend'), ([bytes = new Uint8Array()]) => {
    const batch = decode(bytes);
    for (let row = 0; row < batch.rowCount; row++) {
      const record = batch.record(row);
      const { timeline } = record;
      const response = parser.parseResponse(record);
      answers.push({
        creditId: record.creditId,
        phaseIndex: record.phaseIndex,
        workerId: batch.workerId,
        text: answerText(response.answer),
        errorCode: response.error?.code,
        errorMessage: response.error?.message,
        cancelled: record.cancelled,
        latencyNs: response.firstContentNs - timeline.startNs,
        timeline: { startNs: timeline.startNs, sendEndNs: timeline.sendEndNs, endNs: timeline.endNs },
        inputTokens: record.inputTokens,
      });
    }
    arrived();
  }).subscribe();
  const service = createWorker({ ownsProcess: false })(worker.context);
  const send: Rig['send'] = (kind, payload) => router.send('worker_0', [Buffer.from(kind), payload]);
  return {
    service,
    plan,
    requests,
    messages,
    answers,
    failures: worker.failures,
    connectionCount: () => connectionCount,
    send,
    begin: (more) => {
      const start: PhaseStart = {
        phaseIndex: 0,
        kind: 'profiling',
        slots: 2,
        prefillSlots: null,
        stopSendingAtNs: null,
        ...more,
      };
      return send(CREDIT_MESSAGE_KINDS.phaseStart, Buffer.from(JSON.stringify(start)));
    },
    grant: (ids, cancelAfterNs = Number.NaN) => {
      const columns = {
        ids: Float64Array.from(ids),
        sessionNumbers: Float64Array.from(ids),
        conversationIndexes: new Uint32Array(ids.length),
        turnIndexes: new Uint32Array(ids.length),
        turnCounts: new Uint32Array(ids.length).fill(1),
        dueNs: new Float64Array(ids.length).fill(Number.NaN),
        delaysNs: new Float64Array(ids.length),
        cancelAfterNs: new Float64Array(ids.length).fill(cancelAfterNs),
      };
      return send(CREDIT_MESSAGE_KINDS.creditGrant, encodeCreditBatch({ phaseIndex: 0, issuedNs: 1, ...columns }));
    },
    until: async (predicate) => {
      if (predicate()) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      waiting.push({ predicate, resolve });
      await promise;
    },
    [Symbol.asyncDispose]: async () => {
      for (const context of [worker, timing, processor]) context.stop();
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      await rm(directory, { recursive: true });
    },
  };
}

const event = (content: string): string =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;

function sendStream(response: http.ServerResponse): void {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.write(event('Hello'));
  response.write(event(' you'));
  response.end('data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n');
}

const stream: http.RequestListener = (_request, response) => sendStream(response);

/** Headers and one event, and then nothing. */
const hang: http.RequestListener = (_request, response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.write(event('Hello'));
};

test('credits become requests, records and returns', async () => {
  await using rig = await createRig(stream, ['--concurrency', '5', '--api-key', 'k3y', '--header', 'X-Extra:one']);
  await rig.service.configure(rig.plan);
  // Three of five: this worker's share of the concurrency.
  await rig.until(() => rig.connectionCount() === 3);
  await rig.service.start();
  await rig.until(() => rig.messages.includes('wr'));
  // What the worker rehearsed meanwhile reached neither the timing manager nor the server.
  expect(rig.messages).toEqual(['wr']);
  expect(rig.requests).toEqual([]);
  await rig.begin();
  await rig.grant([0, 1, 2, 3, 4]);
  await rig.until(() => rig.messages.length === 6 && rig.answers.length === 5);
  expect(rig.messages).toEqual(['wr', ...Array.from({ length: 5 }, () => 'completed')]);
  expect(rig.answers.map(({ creditId }) => creditId).toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
  for (const answer of rig.answers) {
    expect(answer).toMatchObject({
      workerId: 'worker_0',
      text: 'Hello you',
      errorCode: undefined,
      cancelled: false,
      inputTokens: 7,
    });
    expect(answer.latencyNs).toBeGreaterThan(0);
  }
  expect(rig.requests).toHaveLength(5);
  const ids = createRequestIds(rig.plan.benchmarkId);
  const first = rig.requests.find(({ headers }) => headers['x-request-id'] === ids.requestId(0, 0));
  expect(first).toMatchObject({
    path: '/v1/chat/completions',
    body: '{"n":0}',
    headers: {
      accept: 'text/event-stream',
      'content-type': 'application/json',
      authorization: 'Bearer k3y',
      'x-extra': 'one',
      'x-correlation-id': ids.correlationId(0, 0),
    },
  });
  expect(first?.headers['user-agent']).toMatch(/^aiperf\//u);
  expect(rig.connectionCount()).toBe(3);
  await rig.service.stop();
  await rig.until(() => rig.messages.includes('ws'));
  expect(rig.failures).toEqual([]);
});

test('the undici transport does the same', async () => {
  await using rig = await createRig(stream, ['--concurrency', '2', '--transport', 'undici']);
  await rig.service.configure(rig.plan);
  await rig.service.start();
  await rig.begin();
  await rig.grant([0, 1, 2]);
  await rig.until(() => rig.messages.length === 4 && rig.answers.length === 3);
  expect(rig.answers.map(({ text, errorCode }) => [text, errorCode])).toEqual(
    Array.from({ length: 3 }, () => ['Hello you', undefined]),
  );
  await rig.service.stop();
  expect(rig.failures).toEqual([]);
});

test('cc cancels what is in flight and hands the rest back', async () => {
  await using rig = await createRig(hang, ['--concurrency', '2']);
  await rig.service.configure(rig.plan);
  await rig.service.start();
  await rig.begin();
  await rig.grant([0, 1, 2, 3]);
  await rig.until(() => rig.requests.length === 2);
  await rig.send(CREDIT_MESSAGE_KINDS.cancelCredits, Buffer.from('{"phaseIndex":0}'));
  await rig.until(() => rig.messages.length === 5 && rig.answers.length === 2);
  expect(rig.messages.toSorted()).toEqual(['cancelled', 'cancelled', 'unsent', 'unsent', 'wr']);
  expect(rig.answers).toMatchObject([
    { errorCode: 'cancelled', cancelled: true },
    { errorCode: 'cancelled', cancelled: true },
  ]);
  await rig.service.stop();
  expect(rig.failures).toEqual([]);
});

test('pe hands the rest back and lets requests end', async () => {
  const open: http.ServerResponse[] = [];
  await using rig = await createRig((_request, response) => open.push(response), ['--concurrency', '1']);
  await rig.service.configure(rig.plan);
  await rig.service.start();
  await rig.begin({ slots: 1 });
  await rig.grant([0, 1]);
  await rig.until(() => open.length === 1);
  await rig.send(CREDIT_MESSAGE_KINDS.phaseEnd, Buffer.from('{"phaseIndex":0}'));
  await rig.until(() => rig.messages.includes('unsent'));
  for (const response of open) sendStream(response);
  await rig.until(() => rig.messages.includes('completed') && rig.answers.length === 1);
  expect(rig.requests).toHaveLength(1);
  expect(rig.answers).toMatchObject([{ text: 'Hello you', errorCode: undefined }]);
  await rig.service.stop();
});

test('rc hands back what has no slot, and sending goes on', async () => {
  const open: http.ServerResponse[] = [];
  await using rig = await createRig((_request, response) => open.push(response), ['--concurrency', '1']);
  await rig.service.configure(rig.plan);
  await rig.service.start();
  await rig.begin({ slots: 1 });
  await rig.grant([0, 1]);
  await rig.until(() => open.length === 1);
  await rig.send(CREDIT_MESSAGE_KINDS.recallCredits, Buffer.from('{"phaseIndex":0,"laterTurns":true}'));
  await rig.until(() => rig.messages.includes('recalled'));
  await rig.grant([2]);
  for (const response of open.splice(0)) sendStream(response);
  await rig.until(() => open.length === 1);
  for (const response of open) sendStream(response);
  await rig.until(() => rig.answers.length === 2 && rig.messages.length === 4);
  expect(rig.messages.toSorted()).toEqual(['completed', 'completed', 'recalled', 'wr']);
  await rig.service.stop();
  expect(rig.failures).toEqual([]);
});

test.for(['cancel', 'stop'] as const)('%s cancels requests and loses neither record nor credit', async (command) => {
  await using rig = await createRig(hang, ['--concurrency', '3']);
  await rig.service.configure(rig.plan);
  await rig.service.start();
  await rig.begin({ slots: 3 });
  await rig.grant([0, 1, 2, 3]);
  await rig.until(() => rig.requests.length === 3);
  await rig.service[command]();
  await rig.until(() => rig.answers.length === 3 && rig.messages.filter((kind) => kind !== 'ws').length === 5);
  expect(rig.messages.filter((kind) => kind !== 'ws').toSorted()).toEqual([
    'cancelled',
    'cancelled',
    'cancelled',
    'unsent',
    'wr',
  ]);
  if (command === 'cancel') await rig.service.stop();
  await rig.until(() => rig.messages.includes('ws'));
  expect(rig.failures).toEqual([]);
});

test.for(['direct', 'undici'] as const)('a request is cancelled its time after it was sent (%s)', async (transport) => {
  await using rig = await createRig(hang, ['--concurrency', '2', '--transport', transport]);
  await rig.service.configure(rig.plan);
  await rig.service.start();
  await rig.begin();
  await rig.grant([0, 1], 10_000_000);
  await rig.until(() => rig.messages.length === 3 && rig.answers.length === 2);
  expect(rig.messages).toEqual(['wr', 'cancelled', 'cancelled']);
  expect(rig.requests).toHaveLength(2);
  for (const answer of rig.answers) {
    expect(answer).toMatchObject({
      errorCode: 'cancelled',
      errorMessage: 'Request cancelled 0.010s after being sent',
      cancelled: true,
    });
    const { startNs, sendEndNs, endNs } = answer.timeline;
    expect(sendEndNs).toBeGreaterThanOrEqual(startNs);
    expect(endNs - sendEndNs).toBeGreaterThanOrEqual(10_000_000);
  }
  await rig.service.stop();
  expect(rig.failures).toEqual([]);
});

test('a prefill slot is free again at the first token', async () => {
  const open: http.ServerResponse[] = [];
  await using rig = await createRig((request, response) => {
    open.push(response);
    hang(request, response);
  });
  await rig.service.configure(rig.plan);
  await rig.service.start();
  await rig.begin({ slots: 3, prefillSlots: 1 });
  await rig.grant([0, 1, 2]);
  // None of them ends before all of them were sent.
  await rig.until(() => open.length === 3);
  for (const response of open) response.end('data: [DONE]\n\n');
  await rig.until(() => rig.answers.length === 3 && rig.messages.length === 4);
  expect(rig.messages.slice(1)).toEqual(['completed', 'completed', 'completed']);
  await rig.service.stop();
  expect(rig.failures).toEqual([]);
});

test('a message that cannot be read ends the worker', async () => {
  await using rig = await createRig(stream);
  await rig.service.configure(rig.plan);
  await rig.send(CREDIT_MESSAGE_KINDS.creditGrant, Buffer.from('not credits'));
  expect(rig.failures).toMatchObject([
    { message: expect.stringContaining('credit message cg cannot be handled') as string },
  ]);
  await rig.service.stop();
});

test('stopping a worker that was never configured is nothing', async () => {
  await using rig = await createRig(stream);
  await expect(rig.service.stop()).resolves.toBeUndefined();
  await expect(rig.service.cancel()).resolves.toBeUndefined();
});
