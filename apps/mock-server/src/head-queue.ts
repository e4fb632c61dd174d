/** A stream whose response head can go out before its first token. */
export interface HeadWriter {
  /** Does nothing once the head is on its way. */
  writeHead(): void;
}

/** A write costs as much as reading a request or more. */
const HEADS_PER_TURN = 2;

/**
 * Writes response heads when nothing else is to be done. A burst of requests is read first: were each answered with its head at once, the
 * last one's receipt would be stamped after the heads of all others, and a client's time to first token would hold that wait.
 */
export class HeadQueue {
  #waiting: HeadWriter[] = [];
  #nextIndex = 0;
  #immediate: NodeJS.Immediate | undefined;

  add(stream: HeadWriter): void {
    this.#waiting.push(stream);
    this.#immediate ??= setImmediate(this.#run);
  }

  close(): void {
    clearImmediate(this.#immediate);
    this.#waiting = [];
  }

  readonly #run = (): void => {
    const end = Math.min(this.#nextIndex + HEADS_PER_TURN, this.#waiting.length);
    for (; this.#nextIndex < end; this.#nextIndex += 1) this.#waiting[this.#nextIndex]?.writeHead();
    if (this.#nextIndex < this.#waiting.length) {
      // Sockets are read before the next turn.
      this.#immediate = setImmediate(this.#run);
      return;
    }
    this.#waiting = [];
    this.#nextIndex = 0;
    this.#immediate = undefined;
  };
}
