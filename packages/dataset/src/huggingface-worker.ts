/** What the thread is started with. */
export interface HuggingFaceWorkerData {
  /** Resolved file of the npm package `tokenizers`. */
  readonly modulePath: string;
  readonly tokenizerPath: string;
  /** One Int32: 0 while a call is under way, 1 when its answer is in the port. */
  readonly signal: SharedArrayBuffer;
}

/** A call to the thread; the answer is `{ value }` or `{ error }`. */
export type HuggingFaceCall =
  | { readonly operation: 'encode'; readonly text: string }
  | { readonly operation: 'decode'; readonly ids: readonly number[] }
  | { readonly operation: 'count'; readonly texts: readonly string[] };

/** The thread's answer; exactly one of the two is there. */
export interface HuggingFaceAnswer {
  readonly value?: unknown;
  readonly error?: string;
}

/**
 * The thread's program, kept as text so that it needs no file of its own and survives bundling. CommonJS.
 * Truncation and padding in a tokenizer.json (sentence-embedding models have both) would falsify counts and are switched off.
 */
export const HUGGING_FACE_WORKER_SOURCE = `
const { workerData } = require('node:worker_threads');
const { modulePath, tokenizerPath, signal, port } = workerData;
const answered = new Int32Array(signal);
const answer = (message) => {
  port.postMessage(message);
  Atomics.store(answered, 0, 1);
  Atomics.notify(answered, 0);
};
const textOf = (error) => (error instanceof Error ? error.message : String(error));
const plain = { addSpecialTokens: false };
let tokenizer;
const run = async (call) => {
  switch (call.operation) {
    case 'encode':
      return Uint32Array.from((await tokenizer.encode(call.text, null, plain)).getIds());
    case 'decode':
      return tokenizer.decode(call.ids, true);
    case 'count':
      return (await tokenizer.encodeBatch(call.texts, plain)).map((encoding) => encoding.getLength());
    default:
      throw new Error('unknown operation ' + call.operation);
  }
};
try {
  tokenizer = require(modulePath).Tokenizer.fromFile(tokenizerPath);
  tokenizer.disableTruncation();
  tokenizer.disablePadding();
  port.on('message', (call) => {
    run(call).then((value) => answer({ value }), (error) => answer({ error: textOf(error) }));
  });
  answer({ value: 'ready' });
} catch (error) {
  answer({ error: textOf(error) });
}
`;
