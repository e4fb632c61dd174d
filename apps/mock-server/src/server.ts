import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { AnswerStream, type StreamOutcome, type StreamPlan } from './answer-stream.ts';
import { ChatAnswer, plainAnswer } from './chat-answer.ts';
import { type ChatRequest, ChatRequestReader } from './chat-request.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import { HeadQueue } from './head-queue.ts';
import { DEFAULT_MOCK_SERVER_OPTIONS, type MockServerOptions } from './options.ts';
import { createRandom, drawNormal } from './random.ts';
import { BadRequestError, type IncomingRequest, RequestParser } from './request-parser.ts';
import { SendLog } from './send-log.ts';
import { ServerMetrics } from './server-metrics.ts';

/** A running mock server. */
export interface MockServer {
  /** Base URL, such as `http://127.0.0.1:41234`. */
  readonly url: string;
  /** Cuts what is open and writes the rest of the send log. */
  close(): Promise<void>;
}

const DEFAULT_OUTPUT_TOKENS = 16;
const nowNs = (): number => Number(process.hrtime.bigint());

/** Starts the server; rejects when the address cannot be used. */
export async function startMockServer(overrides: Partial<MockServerOptions> = {}): Promise<MockServer> {
  const mock = new MockChatServer({ ...DEFAULT_MOCK_SERVER_OPTIONS, ...overrides });
  await mock.listen();
  return mock;
}

interface WaitingRequest {
  readonly connection: Connection;
  readonly start: () => void;
}

class MockChatServer implements MockServer {
  readonly options: MockServerOptions;
  readonly metrics: ServerMetrics;
  readonly #random: () => number;
  readonly #reader = new ChatRequestReader();
  readonly #queue = new DeadlineQueue(nowNs);
  readonly #heads = new HeadQueue();
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  readonly #waiting: WaitingRequest[] = [];
  readonly #readyAtNs: number;
  readonly #log: SendLog | undefined;
  readonly #createdSec = Math.floor(Date.now() / 1000);
  #sequence = 0;
  url = '';

  constructor(options: MockServerOptions) {
    this.options = options;
    this.metrics = new ServerMetrics(options.model);
    this.#random = createRandom(options.seed);
    this.#readyAtNs = nowNs() + options.slowStartMs * 1e6;
    this.#log = options.sendLog === undefined ? undefined : new SendLog(options.sendLog);
    this.#server = createServer({ noDelay: true }, (socket) => this.#connections.add(new Connection(socket, this)));
  }

  listen(): Promise<void> {
    const { host, port } = this.options;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      // Thousands of connections may be opened at once; a short backlog would drop them.
      this.#server.listen({ host, port, backlog: 65_535 }, () => {
        const { address, port: actualPort, family } = this.#server.address() as AddressInfo;
        this.url = `http://${family === 'IPv6' ? `[${address}]` : address}:${actualPort}`;
        resolve();
      });
    });
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#queue.close();
    this.#heads.close();
    for (const connection of this.#connections) connection.socket.destroy();
    await closed;
    await this.#log?.close();
  }

  forget(connection: Connection): void {
    this.#connections.delete(connection);
    const index = this.#waiting.findIndex((waiting) => waiting.connection === connection);
    if (index >= 0) this.#waiting.splice(index, 1);
    this.metrics.waiting = this.#waiting.length;
  }

  /** Answers one request; the connection takes the next one when `onAnswered` was called. */
  handle(request: IncomingRequest, connection: Connection, receivedNs: number): void {
    const { keepAlive } = request;
    connection.sendsHeadOnly = request.method === 'HEAD';
    const path = request.path.split('?', 1)[0];
    const { apiKey, model } = this.options;
    if (apiKey !== undefined && request.authorization !== `Bearer ${apiKey}`) {
      connection.answer(errorAnswer(401, 'Unauthorized', 'invalid API key', keepAlive), keepAlive);
    } else if (path === '/v1/chat/completions') {
      if (request.method === 'POST') this.#chat(request, connection, receivedNs);
      else connection.answer(errorAnswer(405, 'Method Not Allowed', 'use POST', keepAlive), keepAlive);
    } else if (path === '/v1/models') {
      const body = JSON.stringify({
        object: 'list',
        data: [{ id: model, object: 'model', created: this.#createdSec }],
      });
      connection.answer(plainAnswer(200, 'OK', 'application/json', body, keepAlive), keepAlive);
    } else if (path === '/metrics') {
      const type = 'text/plain; version=0.0.4; charset=utf-8';
      connection.answer(plainAnswer(200, 'OK', type, this.metrics.render(), keepAlive), keepAlive);
    } else if (path === '/health') {
      connection.answer(plainAnswer(200, 'OK', 'text/plain', '', keepAlive), keepAlive);
    } else {
      connection.answer(errorAnswer(404, 'Not Found', `no such path: ${path}`, keepAlive), keepAlive);
    }
  }

  #chat(incoming: IncomingRequest, connection: Connection, receivedNs: number): void {
    const { keepAlive } = incoming;
    const request = this.#reader.read(incoming.body);
    if ('problem' in request) {
      connection.answer(errorAnswer(400, 'Bad Request', request.problem, keepAlive), keepAlive);
      return;
    }
    const { errorRatio, errorStatus, maxConcurrency } = this.options;
    if (errorRatio > 0 && this.#random() < errorRatio) {
      connection.answer(errorAnswer(errorStatus, 'Injected Error', 'injected error', keepAlive), keepAlive);
      return;
    }
    const start = (): void => this.#serve(incoming, request, connection, receivedNs);
    if (maxConcurrency > 0 && this.metrics.running >= maxConcurrency) {
      this.#waiting.push({ connection, start });
      this.metrics.waiting = this.#waiting.length;
      return;
    }
    start();
  }

  #serve(incoming: IncomingRequest, request: ChatRequest, connection: Connection, receivedNs: number): void {
    const { options, metrics } = this;
    metrics.running += 1;
    const wanted = request.maxTokens ?? options.outputTokens ?? DEFAULT_OUTPUT_TOKENS;
    const outputTokens = Math.min(wanted, options.outputTokens ?? wanted);
    this.#sequence += 1;
    const answer = new ChatAnswer(request, options.model, this.#sequence, this.#createdSec, outputTokens);
    const plan = this.#plan(incoming, outputTokens);
    if (!request.isStream) {
      this.#serveWhole(incoming, answer, plan, connection, receivedNs, request.promptTokens);
      return;
    }
    const stream = new AnswerStream(connection.socket, answer, plan, nowNs, (outcome) => {
      this.#finished(incoming, answer, receivedNs, stream.tokenWriteNs, outcome, request.promptTokens);
      connection.answered(incoming.keepAlive && outcome !== 'cut');
    });
    connection.stream = stream;
    if (plan.headersFirst) this.#heads.add(stream);
    this.#queue.add(stream);
  }

  #serveWhole(
    incoming: IncomingRequest,
    answer: ChatAnswer,
    plan: StreamPlan,
    connection: Connection,
    receivedNs: number,
    promptTokens: number,
  ): void {
    let dueNs = plan.firstTokenDueNs;
    for (let token = 1; token < answer.outputTokens; token += 1) dueNs += plan.nextGapNs();
    let hasEnded = false;
    const end = (outcome: StreamOutcome, writeNs: readonly number[]): void => {
      if (hasEnded) return;
      hasEnded = true;
      this.#finished(incoming, answer, receivedNs, writeNs, outcome, promptTokens);
    };
    connection.stream = { abort: () => end('aborted', []) };
    this.#queue.add({
      dueNs,
      onDue: () => {
        if (hasEnded) return false;
        end('completed', [nowNs()]);
        connection.answer(answer.whole(this.options.model, incoming.keepAlive), incoming.keepAlive);
        return false;
      },
    });
  }

  #plan(incoming: IncomingRequest, outputTokens: number): StreamPlan {
    const { ttftMs, itlMs, jitterRatio, tokensPerChunk, cutRatio, inBandErrorRatio } = this.options;
    const random = this.#random;
    const gapNs = itlMs * 1e6;
    const jitter = (valueNs: number): number => Math.max(0, valueNs * (1 + jitterRatio * drawNormal(random)));
    const draw = cutRatio + inBandErrorRatio > 0 ? random() : 1;
    const fault = draw < cutRatio ? 'cut' : draw < cutRatio + inBandErrorRatio ? 'in_band_error' : undefined;
    const ttftNs = jitterRatio > 0 ? jitter(ttftMs * 1e6) : ttftMs * 1e6;
    return {
      firstTokenDueNs: Math.max(nowNs(), this.#readyAtNs) + ttftNs,
      nextGapNs: jitterRatio > 0 ? () => jitter(gapNs) : () => gapNs,
      isPaced: gapNs > 0,
      tokensPerChunk,
      fault,
      faultAtToken: fault === undefined ? 0 : Math.floor(random() * outputTokens),
      keepAlive: incoming.keepAlive,
      headersFirst: ttftNs > 0,
    };
  }

  #finished(
    incoming: IncomingRequest,
    answer: ChatAnswer,
    receivedNs: number,
    tokenWriteNs: readonly number[],
    outcome: StreamOutcome,
    promptTokens: number,
  ): void {
    const { metrics } = this;
    const endNs = nowNs();
    metrics.running -= 1;
    metrics.promptTokens += promptTokens;
    const first = tokenWriteNs[0];
    if (outcome === 'completed' && first !== undefined) {
      metrics.generationTokens += answer.outputTokens;
      metrics.succeeded(answer.finishReason);
      metrics.timeToFirstToken.observe((first - receivedNs) / 1e9);
      metrics.requestLatency.observe((endNs - receivedNs) / 1e9);
      const gaps = answer.outputTokens - 1;
      if (gaps > 0) metrics.timePerOutputToken.observe((endNs - first) / gaps / 1e9, gaps);
    }
    this.#log?.add({
      requestId: incoming.requestId,
      receivedNs,
      tokenWriteNs,
      endNs,
      outputTokens: answer.outputTokens,
      outcome,
    });
    const next = this.#waiting.shift();
    metrics.waiting = this.#waiting.length;
    next?.start();
  }
}

function errorAnswer(status: number, reason: string, message: string, keepAlive: boolean): string {
  const body = JSON.stringify({ error: { message, type: reason, param: null, code: status } });
  return plainAnswer(status, reason, 'application/json', body, keepAlive);
}

/** One client connection: requests are answered one after the other. */
class Connection {
  sendsHeadOnly = false;
  readonly socket: Socket;
  stream: { abort(): void } | undefined;
  readonly #parser = new RequestParser();
  readonly #server: MockChatServer;
  #isBusy = false;

  constructor(socket: Socket, server: MockChatServer) {
    this.socket = socket;
    this.#server = server;
    socket.on('data', (bytes: Buffer) => {
      this.#parser.push(bytes);
      this.#next();
    });
    // A reset connection is the client's business; 'close' follows and ends what was being answered.
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.stream?.abort();
      server.forget(this);
    });
  }

  answer(text: string, keepAlive: boolean): void {
    // The client of a HEAD request takes a body for the beginning of the next answer.
    this.socket.write(this.sendsHeadOnly ? text.slice(0, text.indexOf('\r\n\r\n') + 4) : text);
    this.answered(keepAlive);
  }

  answered(keepAlive: boolean): void {
    this.#isBusy = false;
    this.stream = undefined;
    if (keepAlive) this.#next();
    else this.socket.end();
  }

  #next(): void {
    if (this.#isBusy) return;
    try {
      const request = this.#parser.take();
      if (request === undefined) return;
      this.#isBusy = true;
      this.#server.handle(request, this, nowNs());
    } catch (error) {
      if (!(error instanceof BadRequestError)) throw error;
      this.answer(errorAnswer(400, 'Bad Request', error.message, false), false);
    }
  }
}
