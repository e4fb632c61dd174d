import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { decodeCreditBatch, encodeCreditBatch, encodeCreditReturnBatch } from '@aiperf/timing';
import { type Clock } from '@aiperf/records/clock';
import type { DatasetStore } from '@aiperf/dataset';
import { RawBatchWriter } from '@aiperf/records';
import { RecordSender } from './record-sender.ts';
import type { RequestRecord } from '@aiperf/records';
import type { Transport } from '@aiperf/transport';
import type { Worker } from './worker.ts';

/** What the rehearsal borrows from the run: its own code must be exercised, with objects of the same shapes. */
export interface RehearsalParts {
  readonly clock: Clock;
  readonly store: Pick<DatasetStore, 'conversationCount'>;
  /** A transport as the run's, but to this server. */
  createTransport(baseUrl: string): Promise<Transport>;
  /** A worker as the run's, on that transport. */
  createWorker(
    transport: Transport,
    onRecord: (record: RequestRecord) => void,
    onFailure: (error: unknown) => void,
  ): Worker;
}

/** What became of a rehearsal. */
export interface RehearsalOutcome {
  readonly completedCount: number;
  /** Why it ended early; absent: requests or time were used up. */
  readonly problem: string | undefined;
}

/** Measured: more make nothing faster. */
const MAX_REQUESTS = 400;
/** It delays the first request of a run by as much. */
const MAX_DURATION_MS = 50;
const SLOTS = 4;
/** Even, so that half of the credits of each grant are of either kind. */
const CREDITS_A_GRANT = 20;
/** Between the due times of a grant: so short that the pacer spins and never sleeps. */
const DUE_INTERVAL_NS = 50_000;

/**
 * Plays a short load of credits with and without due times on a server in this process, and throws everything away.
 *
 * V8 interprets code until it has run some hundred times. At 10 requests/s that is most of a short run: its sends were a tenth of a
 * millisecond later than those of a long one, and its first reads were stamped late. The server under test is not involved. Never rejects:
 * where there is no loopback or no port, the run only begins cold.
 */
export async function rehearse(parts: RehearsalParts, host = '127.0.0.1'): Promise<RehearsalOutcome> {
  const connections = new Set<Socket>();
  const server = createServer((connection) => {
    connections.add(connection);
    connection.on('close', () => connections.delete(connection));
    answerRequests(connection);
  });
  let transport: Transport | undefined;
  try {
    transport = await parts.createTransport(await listen(server, host));
    return await play(parts, transport);
  } catch (error) {
    return { completedCount: 0, problem: messageOf(error) };
  } finally {
    await transport?.close();
    server.close();
    for (const connection of connections) connection.destroy();
  }
}

async function listen(server: Server, host: string): Promise<string> {
  server.listen(0, host);
  await once(server, 'listening');
  return `http://${host}:${(server.address() as AddressInfo).port}`;
}

async function play(parts: RehearsalParts, transport: Transport): Promise<RehearsalOutcome> {
  const { clock, store } = parts;
  const ended = Promise.withResolvers<string | undefined>();
  const records: RecordSender = new RecordSender({
    writer: new RawBatchWriter('rehearsal'),
    isIdle: () => worker.inFlightCount === 0,
  });
  const worker: Worker = parts.createWorker(
    transport,
    (record) => {
      records.add(record);
      const { error } = record.timeline;
      if (error !== undefined) ended.resolve(error.message);
    },
    (error) => ended.resolve(messageOf(error)),
  );
  let grantedCount = 0;
  let returnedCount = 0;
  const grant = (): void => {
    worker.credits.grant(decodeCreditBatch(creditsFrom(grantedCount, clock.now(), store.conversationCount)));
    grantedCount += CREDITS_A_GRANT;
  };
  worker.credits.onReturnsDue = () => {
    for (const batch of worker.credits.takeReturns()) {
      encodeCreditReturnBatch(batch);
      returnedCount += batch.ids.length;
    }
    if (returnedCount >= MAX_REQUESTS) ended.resolve(undefined);
    else if (returnedCount === grantedCount) grant();
  };
  const timer = setTimeout(() => ended.resolve(undefined), MAX_DURATION_MS);
  worker.beginPhase({ phaseIndex: 0, kind: 'warmup', slots: SLOTS, prefillSlots: null, stopSendingAtNs: null });
  grant();
  const problem = await ended.promise;
  clearTimeout(timer);
  worker.credits.onReturnsDue = () => undefined;
  const { completedCount } = worker;
  worker.stopSending(0);
  worker.cancelInFlight();
  await worker.whenIdle();
  worker.flushRecords();
  worker.close();
  records.flush();
  return { completedCount, problem };
}

/** The next credits, as bytes: the first half as of an open loop, the second as of a closed one. */
function creditsFrom(firstId: number, nowNs: number, conversationCount: number): Uint8Array {
  const count = CREDITS_A_GRANT;
  const ids = Float64Array.from({ length: count }, (_, index) => firstId + index);
  return encodeCreditBatch({
    phaseIndex: 0,
    issuedNs: nowNs,
    ids,
    sessionNumbers: ids,
    conversationIndexes: Uint32Array.from(ids, (id) => id % conversationCount),
    turnIndexes: new Uint32Array(count),
    turnCounts: new Uint32Array(count).fill(1),
    dueNs: Float64Array.from(ids, (_, index) => (index < count / 2 ? nowNs + index * DUE_INTERVAL_NS : Number.NaN)),
    delaysNs: new Float64Array(count),
    cancelAfterNs: new Float64Array(count).fill(Number.NaN),
  });
}

/** The whole of a streamed answer, in two writes, so that it takes two reads. */
const ANSWER_BEGIN: Buffer = Buffer.from(
  'HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\nContent-Type: text/event-stream; charset=utf-8\r\n' +
    `Transfer-Encoding: chunked\r\n\r\n${eventChunk('{"role":"assistant","content":""}')}`,
);
const ANSWER_END: Buffer = Buffer.from(`${eventChunk('{"content":"word"}')}${chunk('data: [DONE]\n\n')}0\r\n\r\n`);

function answerRequests(connection: Socket): void {
  let missingBytes = 0;
  connection.setNoDelay(true);
  // Closed by the transport while an answer was on its way.
  connection.on('error', () => connection.destroy());
  connection.on('data', (bytes) => {
    if (missingBytes === 0) missingBytes = requestBytes(bytes);
    missingBytes -= bytes.length;
    if (missingBytes > 0) return;
    missingBytes = 0;
    connection.write(ANSWER_BEGIN);
    setImmediate(() => {
      if (connection.writable) connection.write(ANSWER_END);
    });
  });
}

/** Length of a request; its head is in its first read. */
function requestBytes(firstRead: Buffer): number {
  const headBytes = firstRead.indexOf('\r\n\r\n') + 4;
  const [, bodyBytes = '0'] = /content-length: (\d+)/iu.exec(firstRead.toString('latin1', 0, headBytes)) ?? [];
  return headBytes + Number(bodyBytes);
}

function eventChunk(delta: string): string {
  const choice = `{"index":0,"delta":${delta},"finish_reason":null}`;
  return chunk(`data: {"id":"chatcmpl-0","object":"chat.completion.chunk","created":0,"choices":[${choice}]}\n\n`);
}

function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
