import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CommandClient,
  connectBus,
  createAddressPlan,
  receiveEach,
  ServiceHost,
  ServiceRegistry,
  startProxies,
  type ControlMessages,
  type RouterSocket,
  type Service,
  type ServiceContext,
  zmqNetwork,
} from '@aiperf/comms';
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

const decode = await createRawBatchDecoder();
const chat = endpointOf('chat');
const QUESTIONS = ['What is "\u4f60\u597d"?\n', 'And \u00e9t\u00e9 \\ \u{1f600}?', 'Bye.'] as const;
const ANSWERS = ['A greeting: "hello" \u4e16\u754c.', 'Summer\n\tand a \u0001 smile \u{1f600}', 'Bye!'] as const;
const INPUT_TOKENS = [5, 7, 11] as const;

interface Seen {
  readonly body: string;
  readonly correlationId: string | undefined;
  readonly atMs: number;
}

/** Streams the answer of the turn, cut into pieces that split characters, and notes when it was all sent. */
async function startServer(): Promise<{ url: string; seen: Seen[]; endedMs: number[]; close(): Promise<void> }> {
  const seen: Seen[] = [];
  const endedMs: number[] = [];
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (bytes: Buffer) => parts.push(bytes));
    request.on('end', () => {
      const body = Buffer.concat(parts).toString();
      const answer = ANSWERS[seen.length % ANSWERS.length] ?? '';
      seen.push({ body, correlationId: request.headers['x-correlation-id']?.toString(), atMs: performance.now() });
      const event = (delta: object): string => `data: ${JSON.stringify({ choices: [{ index: 0, delta }] })}\n\n`;
      const bytes = Buffer.from(
        `${event({ role: 'assistant', content: '' })}${Array.from(answer, (content) => event({ content })).join('')}data: [DONE]\n\n`,
      );
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      for (let start = 0; start < bytes.length; start += 37) response.write(bytes.subarray(start, start + 37));
      response.end(() => endedMs.push(performance.now()));
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    endedMs,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A service that only holds sockets. */
function holder(open: (context: ServiceContext<WorkerMessages>) => unknown): ServiceHostParts {
  return async (context) => {
    await open(context);
    const nothing = (): Promise<void> => Promise.resolve();
    return { configure: nothing, start: nothing, cancel: nothing, stop: nothing };
  };
}

type ServiceHostParts = (context: ServiceContext<WorkerMessages>) => Service<RunPlan> | Promise<Service<RunPlan>>;

interface Row {
  readonly turnIndex: number;
  readonly text: string;
  readonly inputTokens: number;
  readonly historyReplies: readonly string[];
  readonly latencyNs: number;
}

test('a conversation of three turns over ZeroMQ and HTTP tells the server all that was said, byte for byte', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'aiperf-s-'));
  const server = await startServer();
  const errors: Error[] = [];
  const onError = (error: Error): void => {
    errors.push(error);
  };
  const addresses = createAddressPlan({ kind: 'ipc', directory });
  const proxies = startProxies(addresses, onError);
  const bus = await connectBus<ControlMessages>({ plan: addresses, serviceId: 'system_controller', onError });
  const registry = new ServiceRegistry({ bus });
  const client = await CommandClient.create({ bus, lost$: registry.lost$ });

  const parsed = parseProfileArguments(['-m', 'm', '--url', server.url, '--streaming', '--concurrency', '1'], {
    isTty: false,
  });
  if (!parsed.ok) throw new Error(parsed.problems.map(({ message }) => message).join('\n'));
  const plan: RunPlan = {
    benchmarkId: '0123456789ab',
    config: parsed.config,
    clockOrigin: createClockOrigin(),
    runDirectory: directory,
    privateDirectory: directory,
    workerIds: ['worker_0'],
    recordProcessorIds: [],
    commandLine: '',
  };
  const bodyConfig = { streaming: true, useLegacyMaxTokens: false, extraInputs: {} };
  const turns = QUESTIONS.map((text, i) => {
    const inputTokens = INPUT_TOKENS[i] ?? 0;
    return { body: chat.renderBody({ role: 'user', text, model: 'm' }, bodyConfig), inputTokens };
  });
  {
    using store = createDatasetStoreWriter(storeDirectory(directory));
    store.add({ id: 'session_0', turns });
    store.finish();
  }

  const outcomes: string[] = [];
  const rows: Row[] = [];
  const done = Promise.withResolvers<void>();
  const ready = Promise.withResolvers<void>();
  const check = (): void => {
    if (rows.length === 3 && outcomes.length === 3) done.resolve();
  };
  let router: RouterSocket | undefined;
  const parser = chat.createParser();
  const services: Readonly<Record<string, ServiceHostParts>> = {
    timing_manager: holder(async ({ sockets }) => {
      router = await sockets.router('credits');
      router.messages$.subscribe(({ frames: [kind, payload] }) => {
        const name = Buffer.from(kind ?? []).toString();
        if (name === CREDIT_MESSAGE_KINDS.ready) ready.resolve();
        if (name !== CREDIT_MESSAGE_KINDS.creditReturn || payload === undefined) return;
        for (const outcome of decodeCreditReturnBatch(payload).outcomes) outcomes.push(CREDIT_OUTCOMES[outcome] ?? '?');
        check();
      });
    }),
    record_processor: holder(({ sockets }) => {
      receiveEach(sockets.pull('raw_inference_proxy_backend'), ([bytes = new Uint8Array()]) => {
        const batch = decode(bytes);
        for (let row = 0; row < batch.rowCount; row++) {
          const record = batch.record(row);
          const { answer, firstContentNs } = parser.parseResponse(record);
          const text = answerText(answer);
          const { turnIndex, inputTokens, historyReplies, timeline } = record;
          rows.push({ turnIndex, text, inputTokens, historyReplies, latencyNs: firstContentNs - timeline.startNs });
        }
        check();
      }).subscribe();
    }),
    worker: createWorker({ ownsProcess: false }),
  };
  const hosts = Object.entries(services).map(
    ([serviceType, createService]) =>
      new ServiceHost<WorkerMessages, RunPlan>({
        network: zmqNetwork(addresses),
        serviceId: `${serviceType}_0`,
        serviceType,
        createService,
        decodePlan: () => plan,
      }),
  );
  try {
    for (const host of hosts) await host.start();
    const toWorker = { targets: ['worker_0'], deadlineMs: 10_000 };
    await client.sendCommand('profile_configure', { ...toWorker, payload: '' });
    await client.sendCommand('profile_start', toWorker);
    await ready.promise;
    const start: PhaseStart = {
      phaseIndex: 0,
      kind: 'profiling',
      slots: 1,
      prefillSlots: null,
      stopSendingAtNs: null,
    };
    const delayNs = 20_000_000;
    await router?.send('worker_0', [Buffer.from(CREDIT_MESSAGE_KINDS.phaseStart), Buffer.from(JSON.stringify(start))]);
    const credits = encodeCreditBatch({
      phaseIndex: 0,
      issuedNs: 1,
      ids: Float64Array.of(4, 5, 6),
      sessionNumbers: Float64Array.of(2, 2, 2),
      conversationIndexes: Uint32Array.of(0, 0, 0),
      turnIndexes: Uint32Array.of(0, 1, 2),
      turnCounts: Uint32Array.of(3, 3, 3),
      dueNs: new Float64Array(3).fill(Number.NaN),
      delaysNs: Float64Array.of(0, delayNs, delayNs),
      cancelAfterNs: new Float64Array(3).fill(Number.NaN),
    });
    await router?.send('worker_0', [Buffer.from(CREDIT_MESSAGE_KINDS.creditGrant), credits]);
    await done.promise;

    const said = QUESTIONS.flatMap((question, i) => [
      { role: 'user', content: question },
      { role: 'assistant', content: ANSWERS[i] },
    ]);
    const rest = { model: 'm', stream: true, stream_options: { include_usage: true } };
    expect(server.seen.map(({ body }) => body)).toEqual(
      [1, 3, 5].map((count) => JSON.stringify({ messages: said.slice(0, count), ...rest })),
    );
    const correlationId = createRequestIds('0123456789ab').correlationId(0, 2);
    expect(server.seen.map((seen) => seen.correlationId)).toEqual([correlationId, correlationId, correlationId]);
    for (const turn of [1, 2]) {
      const waitedMs = (server.seen[turn]?.atMs ?? 0) - (server.endedMs[turn - 1] ?? Number.POSITIVE_INFINITY);
      expect(waitedMs).toBeGreaterThanOrEqual(19);
    }
    expect(outcomes).toEqual(['completed', 'completed', 'completed']);
    expect(rows).toMatchObject([
      { turnIndex: 0, text: ANSWERS[0], inputTokens: 5, historyReplies: [] },
      { turnIndex: 1, text: ANSWERS[1], inputTokens: 12, historyReplies: [ANSWERS[0]] },
      { turnIndex: 2, text: ANSWERS[2], inputTokens: 23, historyReplies: [ANSWERS[0], ANSWERS[1]] },
    ]);
    for (const { latencyNs } of rows) expect(latencyNs).toBeGreaterThan(0);
    await client.sendCommand('shutdown', { ...toWorker, waitForAll: true });
    expect(errors).toEqual([]);
  } finally {
    for (const host of hosts) await host.stop();
    registry.close();
    bus.close();
    proxies.close();
    await server.close();
    await rm(directory, { recursive: true });
  }
});
