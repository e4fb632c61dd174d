import type { Socket } from 'node:net';
import { type ChatAnswer, STREAM_DONE, STREAM_HEAD, STREAM_HEAD_CLOSE } from './chat-answer.ts';
import type { Deadline } from './deadline-queue.ts';
import type { HeadWriter } from './head-queue.ts';

export type StreamFault = 'cut' | 'in_band_error' | undefined;

/** When tokens are due and what goes wrong on the way. */
export interface StreamPlan {
  readonly firstTokenDueNs: number;
  /** Time to the next token; drawn anew for each when there is jitter. */
  readonly nextGapNs: () => number;
  /** False without a time between tokens. */
  readonly isPaced: boolean;
  readonly tokensPerChunk: number;
  readonly fault: StreamFault;
  /** The fault strikes before this token. */
  readonly faultAtToken: number;
  readonly keepAlive: boolean;
  /** The head does not wait for the first token. */
  readonly headersFirst: boolean;
}

export type StreamOutcome = 'completed' | 'failed' | 'cut' | 'aborted';

/** One answer on its way to one socket, token by token at absolute due times. */
export class AnswerStream implements Deadline, HeadWriter {
  dueNs: number;
  readonly tokenWriteNs: number[] = [];
  readonly #socket: Socket;
  readonly #answer: ChatAnswer;
  readonly #plan: StreamPlan;
  readonly #now: () => number;
  readonly #onEnd: (outcome: StreamOutcome) => void;
  #sent = 0;
  #head: string;
  #hasEnded = false;

  constructor(
    socket: Socket,
    answer: ChatAnswer,
    plan: StreamPlan,
    now: () => number,
    onEnd: (outcome: StreamOutcome) => void,
  ) {
    this.#socket = socket;
    this.#answer = answer;
    this.#plan = plan;
    this.#now = now;
    this.#onEnd = onEnd;
    this.dueNs = plan.firstTokenDueNs;
    this.#head = plan.keepAlive ? STREAM_HEAD : STREAM_HEAD_CLOSE;
  }

  /** Sends the head by itself, unless it went out with a token. */
  writeHead(): void {
    if (this.#hasEnded || this.#head === '') return;
    this.#socket.write(this.#head, 'latin1');
    this.#head = '';
  }

  /** Writes what is due: the next chunk of tokens, and more of them when the process has fallen behind. */
  onDue(nowNs: number): boolean {
    if (this.#hasEnded) return false;
    const { outputTokens } = this.#answer;
    let text = this.#head;
    if (this.#sent === 0) text += this.#answer.role();
    // One chunk a turn, unless there is a schedule and the process has fallen behind it.
    do {
      if (this.#plan.fault !== undefined && this.#sent >= this.#plan.faultAtToken) {
        this.#strike(text);
        return false;
      }
      const upTo = Math.min(this.#sent + this.#plan.tokensPerChunk, outputTokens);
      if (upTo > this.#sent) text += this.#answer.tokens(this.#sent, upTo);
      this.dueNs += this.#plan.nextGapNs() * (upTo - this.#sent);
      this.#sent = upTo;
    } while (this.#plan.isPaced && this.#sent < outputTokens && this.dueNs <= nowNs);
    this.#head = '';
    const isLast = this.#sent >= outputTokens;
    if (isLast) text += (outputTokens === 0 ? this.#answer.finish() : '') + this.#answer.usage() + STREAM_DONE;
    this.tokenWriteNs.push(this.#now());
    this.#socket.write(text, 'latin1');
    if (isLast) this.#end('completed');
    return !isLast;
  }

  /** The client went away. */
  abort(): void {
    this.#end('aborted');
  }

  #strike(text: string): void {
    if (this.#plan.fault === 'cut') {
      // The text goes out before the connection is reset, so that the client sees a stream cut in the middle.
      this.#socket.write(text, 'latin1', () => this.#socket.destroy());
      this.#end('cut');
      return;
    }
    this.#socket.write(text + this.#answer.error() + STREAM_DONE, 'latin1');
    this.#end('failed');
  }

  #end(outcome: StreamOutcome): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#onEnd(outcome);
  }
}
