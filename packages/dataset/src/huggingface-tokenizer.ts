import { createRequire } from 'node:module';
import { MessageChannel, Worker, receiveMessageOnPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { DatasetError } from './dataset-error.ts';
import { HUGGING_FACE_WORKER_SOURCE } from './huggingface-worker.ts';
import type { HuggingFaceAnswer, HuggingFaceCall, HuggingFaceWorkerData } from './huggingface-worker.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Loading a large vocabulary (200,000 entries and their merges) takes some seconds on a busy machine. */
const LOAD_TIMEOUT_MS = 60_000;
const CALL_TIMEOUT_MS = 60_000;

/** A tokenizer with a thread, which lasts as long as the process unless it is closed. */
export interface ThreadedTokenizer extends Tokenizer {
  /** Ends the thread; nothing can be counted afterwards. */
  close(): Promise<void>;
}

/**
 * Loads a Hugging Face `tokenizer.json`.
 *
 * The native library only has asynchronous calls. It runs in a thread of its own, for which each call here waits, so that counting is a
 * plain function as with any other tokenizer. The wait costs some 50 µs a call, which {@link Tokenizer.countAll} pays once for all texts.
 */
export async function loadHuggingFaceTokenizer(path: string): Promise<ThreadedTokenizer> {
  const thread = new TokenizerThread(path);
  await thread.ready();
  return new HuggingFaceTokenizer(path, thread);
}

class HuggingFaceTokenizer implements ThreadedTokenizer {
  readonly name: string;
  readonly #thread: TokenizerThread;

  constructor(path: string, thread: TokenizerThread) {
    this.name = path;
    this.#thread = thread;
  }

  encode(text: string): ArrayLike<number> {
    return this.#thread.call({ operation: 'encode', text }) as Uint32Array;
  }

  decode(ids: ArrayLike<number>): string {
    return this.#thread.call({ operation: 'decode', ids: Array.from(ids) }) as string;
  }

  count(text: string): number {
    return this.countAll([text])[0] ?? 0;
  }

  countAll(texts: readonly string[]): readonly number[] {
    if (texts.length === 0) return [];
    return this.#thread.call({ operation: 'count', texts }) as number[];
  }

  async close(): Promise<void> {
    await this.#thread.close();
  }
}

class TokenizerThread {
  readonly #path: string;
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #answered: Int32Array<SharedArrayBuffer>;
  #failure: DatasetError | undefined;

  constructor(path: string) {
    this.#path = path;
    const signal = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT);
    this.#answered = new Int32Array(signal);
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const require = createRequire(import.meta.url);
    const modulePath = require.resolve('tokenizers');
    const workerData: HuggingFaceWorkerData & { port: MessagePort } = {
      modulePath,
      tokenizerPath: path,
      signal,
      port: port2,
    };
    this.#worker = new Worker(HUGGING_FACE_WORKER_SOURCE, {
      eval: true,
      execArgv: [],
      workerData,
      transferList: [port2],
    });
    // The thread may live as long as the process and must not keep it alive.
    this.#worker.unref();
  }

  /** Resolves when the tokenizer is loaded; other work goes on meanwhile. */
  async ready(): Promise<void> {
    const wait = Atomics.waitAsync(this.#answered, 0, 0, LOAD_TIMEOUT_MS);
    // A waiting Atomics.waitAsync does not keep the process alive, a referenced thread does.
    this.#worker.ref();
    const outcome = await wait.value;
    this.#worker.unref();
    try {
      this.#takeAnswer(outcome, LOAD_TIMEOUT_MS, 'AIPERF_DATASET_TOKENIZER_INVALID');
    } catch (error) {
      await this.#worker.terminate();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#failure ??= new DatasetError('AIPERF_DATASET_TOKENIZER_FAILED', `tokenizer ${this.#path} has been closed`);
    this.#port.close();
    await this.#worker.terminate();
  }

  call(call: HuggingFaceCall): unknown {
    if (this.#failure !== undefined) throw this.#failure;
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a MessagePort has no origin
    this.#port.postMessage(call);
    const outcome = Atomics.wait(this.#answered, 0, 0, CALL_TIMEOUT_MS);
    return this.#takeAnswer(outcome, CALL_TIMEOUT_MS, 'AIPERF_DATASET_TOKENIZER_FAILED');
  }

  #takeAnswer(
    outcome: 'ok' | 'not-equal' | 'timed-out',
    timeoutMs: number,
    code: 'AIPERF_DATASET_TOKENIZER_INVALID' | 'AIPERF_DATASET_TOKENIZER_FAILED',
  ): unknown {
    const answer: unknown = outcome === 'timed-out' ? undefined : receiveMessageOnPort(this.#port)?.message;
    Atomics.store(this.#answered, 0, 0);
    if (answer === undefined) {
      // An answer that still comes would be taken for that of a later call: nothing is asked of this thread again.
      this.#failure = new DatasetError(code, `tokenizer ${this.#path}: no answer within ${timeoutMs / 1000} s`);
      throw this.#failure;
    }
    const { value, error } = answer as HuggingFaceAnswer;
    if (error !== undefined) throw new DatasetError(code, `tokenizer ${this.#path}: ${error}`);
    return value;
  }
}
