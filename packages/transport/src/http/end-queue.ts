import type { Exchange } from '../transport.ts';

/**
 * Tells the owners of ended exchanges after the reads of this turn of the event loop. Engines emit a token for every stream of a batch at
 * once, so many sockets become readable together: whatever an owner does with an ended exchange would delay the stamps of the streams
 * whose reads still wait behind it. It also lets a connection that is closed right after its response be seen as closed before it is used again.
 */
export class EndQueue {
  readonly #beforeFlush: () => void;
  #ended: Exchange[] = [];
  #spare: Exchange[] = [];
  #isScheduled = false;

  /** `beforeFlush` runs once before the owners of what has ended are told. */
  constructor(beforeFlush: () => void) {
    this.#beforeFlush = beforeFlush;
  }

  push(exchange: Exchange): void {
    this.#ended.push(exchange);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#flush);
  }

  readonly #flush = (): void => {
    const ended = this.#ended;
    this.#ended = this.#spare;
    this.#isScheduled = false;
    this.#beforeFlush();
    for (const exchange of ended) exchange.onEnd(exchange);
    ended.length = 0;
    this.#spare = ended;
  };
}
