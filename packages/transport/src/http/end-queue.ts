import type { Exchange } from '../transport.ts';

/**
 * Tells the owners of ended exchanges after the reads of this turn of the event loop. Engines emit a token for every stream of a batch at
 * once, so many sockets become readable together: whatever an owner does with an ended exchange would delay the stamps of the streams
 * whose reads still wait behind it. It also lets a connection that is closed right after its response be seen as closed before it is used
 * again.
 */
export class EndQueue {
  readonly #turns: 1 | 2;
  readonly #beforeOwners: () => void;
  #ended: Exchange[] = [];
  #isScheduled = false;

  /** `beforeOwners` runs once before the owners of what has ended are told, which is `turns` turns of the event loop after the end. */
  constructor(turns: 1 | 2, beforeOwners: () => void) {
    this.#turns = turns;
    this.#beforeOwners = beforeOwners;
  }

  push(exchange: Exchange): void {
    this.#ended.push(exchange);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(this.#nextTurn);
  }

  readonly #nextTurn = (): void => {
    const ended = this.#ended;
    this.#ended = [];
    this.#isScheduled = false;
    if (this.#turns === 1) this.#tell(ended);
    else setImmediate(() => this.#tell(ended));
  };

  #tell(ended: readonly Exchange[]): void {
    this.#beforeOwners();
    for (const exchange of ended) exchange.onEnd(exchange);
  }
}
