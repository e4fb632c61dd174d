import type { ChatRequest } from './chat-request.ts';

/** Words that are one token each, leading space included, in the usual byte-pair vocabularies. */
const WORDS = (
  ' the of and to in is for on that with as are this be by from at or it an was not have can will all one more has had ' +
  'they you we which their but been would about some time into two new other people first over also these after only'
)
  .split(' ')
  .slice(1);

const tokenTexts = WORDS.map((word) => ` ${word}`);

/** Text of token `index` of an answer. */
export function tokenText(index: number): string {
  return tokenTexts[index % tokenTexts.length] ?? '';
}

function tokensText(from: number, to: number): string {
  let text = '';
  for (let index = from; index < to; index += 1) text += tokenText(index);
  return text;
}

/** One HTTP chunk. The text is ASCII, so its length in characters is its length in bytes. */
function chunk(text: string): string {
  return `${text.length.toString(16)}\r\n${text}\r\n`;
}

export const STREAM_HEAD: string =
  'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-store\r\nTransfer-Encoding: chunked\r\n\r\n';
export const STREAM_HEAD_CLOSE: string = STREAM_HEAD.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n');
export const STREAM_DONE: string = `${chunk('data: [DONE]\n\n')}0\r\n\r\n`;

/** Renders the events of one answer, each as an HTTP chunk ready for the socket. */
export class ChatAnswer {
  readonly outputTokens: number;
  readonly finishReason: 'length' | 'stop';
  readonly #request: ChatRequest;
  readonly #id: string;
  readonly #created: number;
  readonly #prefix: string;

  constructor(request: ChatRequest, model: string, sequence: number, created: number, outputTokens: number) {
    this.#request = request;
    this.outputTokens = outputTokens;
    this.finishReason = request.maxTokens === outputTokens ? 'length' : 'stop';
    this.#id = `chatcmpl-${sequence.toString(16).padStart(16, '0')}`;
    this.#created = created;
    this.#prefix = `data: {"id":"${this.#id}","object":"chat.completion.chunk","created":${created},"model":${JSON.stringify(model)},"choices":[`;
  }

  role(): string {
    return chunk(
      `${this.#prefix}{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}\n\n`,
    );
  }

  /** Tokens `from`..`to - 1`; the last ones carry the finish reason. */
  tokens(from: number, to: number): string {
    const finish = to >= this.outputTokens ? `"${this.finishReason}"` : 'null';
    return chunk(
      `${this.#prefix}{"index":0,"delta":{"content":"${tokensText(from, to)}"},"logprobs":null,"finish_reason":${finish}}]}\n\n`,
    );
  }

  /** For an answer without tokens: the finish reason needs an event of its own. */
  finish(): string {
    return chunk(`${this.#prefix}{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop"}]}\n\n`);
  }

  error(): string {
    return chunk('data: {"error":{"message":"injected error","type":"server_error","code":500}}\n\n');
  }

  usage(): string {
    return this.#request.includeUsage ? chunk(`${this.#prefix}],"usage":${this.#usage()}}\n\n`) : '';
  }

  /** The complete answer without streaming, head included. */
  whole(model: string, keepAlive: boolean): string {
    const body =
      `{"id":"${this.#id}","object":"chat.completion","created":${this.#created},"model":${JSON.stringify(model)},` +
      `"choices":[{"index":0,"message":{"role":"assistant","content":"${tokensText(0, this.outputTokens)}"},` +
      `"logprobs":null,"finish_reason":"${this.finishReason}"}],"usage":${this.#usage()}}`;
    return plainAnswer(200, 'OK', 'application/json', body, keepAlive);
  }

  #usage(): string {
    const { promptTokens } = this.#request;
    return `{"prompt_tokens":${promptTokens},"total_tokens":${promptTokens + this.outputTokens},"completion_tokens":${this.outputTokens}}`;
  }
}

/** A complete answer with a known length. `body` must be ASCII or its length is counted in UTF-8. */
export function plainAnswer(
  status: number,
  reason: string,
  contentType: string,
  body: string,
  keepAlive: boolean,
): string {
  return (
    `HTTP/1.1 ${status} ${reason}\r\nContent-Type: ${contentType}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n` +
    `${keepAlive ? '' : 'Connection: close\r\n'}\r\n${body}`
  );
}
