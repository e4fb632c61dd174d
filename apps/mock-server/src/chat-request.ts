/** What the mock server needs of a chat completion request. */
export interface ChatRequest {
  readonly model: string;
  readonly isStream: boolean;
  readonly includeUsage: boolean;
  readonly maxTokens: number | undefined;
  readonly promptTokens: number;
}

/** The reason why a body is refused, in the words of the answer. */
export interface ChatRequestProblem {
  readonly problem: string;
}

/** More than the conversations that a benchmark generates by default (10,000), so that bodies which come round are found again. */
const CACHE_ENTRIES = 16_384;
/** And no more than this together: bodies of long conversations are large, and none of them comes again. */
const CACHE_BYTES = 64 * 1024 * 1024;

/** Parses request bodies; equal bodies are parsed once, since a benchmark sends a small set again and again. */
export class ChatRequestReader {
  readonly #cache = new Map<string, ChatRequest | ChatRequestProblem>();
  #cachedBytes = 0;

  /** Of the bodies that are remembered. */
  get cachedBytes(): number {
    return this.#cachedBytes;
  }

  read(latin1Body: string): ChatRequest | ChatRequestProblem {
    const known = this.#cache.get(latin1Body);
    if (known !== undefined) return known;
    const parsed = parse(Buffer.from(latin1Body, 'latin1').toString('utf8'));
    if (this.#cache.size >= CACHE_ENTRIES || this.#cachedBytes + latin1Body.length > CACHE_BYTES) {
      this.#cache.clear();
      this.#cachedBytes = 0;
    }
    this.#cache.set(latin1Body, parsed);
    this.#cachedBytes += latin1Body.length;
    return parsed;
  }
}

function parse(text: string): ChatRequest | ChatRequestProblem {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch (error) {
    return { problem: `body is not JSON: ${error instanceof Error ? error.message : String(error)}` };
  }
  if (typeof body !== 'object' || body === null) return { problem: 'body is not an object' };
  const fields = body as Record<string, unknown>;
  const messages = fields['messages'];
  if (!Array.isArray(messages) || messages.length === 0) return { problem: "'messages' must be a non-empty array" };
  const maxTokens = fields['max_completion_tokens'] ?? fields['max_tokens'];
  if (maxTokens !== undefined && (!Number.isInteger(maxTokens) || Number(maxTokens) < 1)) {
    return { problem: "'max_tokens' must be a positive integer" };
  }
  const streamOptions = fields['stream_options'];
  return {
    model: typeof fields['model'] === 'string' ? fields['model'] : '',
    isStream: fields['stream'] === true,
    includeUsage:
      typeof streamOptions === 'object' &&
      streamOptions !== null &&
      (streamOptions as Record<string, unknown>)['include_usage'] === true,
    maxTokens: maxTokens === undefined ? undefined : Number(maxTokens),
    promptTokens: messages.reduce((sum: number, message: unknown) => sum + countWords(message), 0),
  };
}

/** Words of a message, which is its token count for prompts made of single-token words. */
function countWords(message: unknown): number {
  const content: unknown =
    typeof message === 'object' && message !== null ? (message as Record<string, unknown>)['content'] : '';
  const text = typeof content === 'string' ? content : JSON.stringify(content ?? '');
  return text.split(/\s+/u).filter((word) => word !== '').length;
}
