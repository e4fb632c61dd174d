/** Something with a next due time on the server's clock. */
export interface Deadline {
  dueNs: number;
  /** Called at or after `dueNs`; may set a new `dueNs` and return true to be queued again. */
  onDue(nowNs: number): boolean;
}

/**
 * Runs deadlines in order of their absolute due times, so that a late wake-up does not shift what follows. Timers wake once a
 * millisecond, so an event is at most about 1.1 ms late while the process is not busy; lateness never adds up. What is due again at
 * once runs in the next turn of the event loop: every stream gets one event a turn, as from the steps of an engine.
 */
export class DeadlineQueue {
  readonly #now: () => number;
  readonly #heap: Deadline[] = [];
  #isArmed = false;
  #timer: NodeJS.Timeout | undefined;
  #immediate: NodeJS.Immediate | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  add(deadline: Deadline): void {
    this.#push(deadline);
    this.#arm();
  }

  close(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#immediate);
    this.#heap.length = 0;
    this.#isArmed = true;
  }

  #arm(): void {
    const first = this.#heap[0];
    if (this.#isArmed || first === undefined) return;
    this.#isArmed = true;
    const waitMs = (first.dueNs - this.#now()) / 1e6;
    if (waitMs <= 0) this.#immediate = setImmediate(this.#run);
    else this.#timer = setTimeout(this.#run, Math.max(1, Math.floor(waitMs)));
  }

  readonly #run = (): void => {
    this.#isArmed = false;
    const startNs = this.#now();
    for (let first = this.#heap[0]; first !== undefined && first.dueNs <= startNs; first = this.#heap[0]) {
      this.#pop();
      // Anything due again at once waits for the next turn, so that sockets are read in between.
      if (first.onDue(startNs)) {
        first.dueNs = Math.max(first.dueNs, startNs + 1);
        this.#push(first);
      }
    }
    this.#arm();
  };

  #push(deadline: Deadline): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(deadline);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = heap[parentIndex];
      if (parent === undefined || parent.dueNs <= deadline.dueNs) break;
      heap[index] = parent;
      index = parentIndex;
    }
    heap[index] = deadline;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const leftIndex = 2 * index + 1;
      const left = heap[leftIndex];
      if (left === undefined) break;
      const right = heap[leftIndex + 1];
      const isRightFirst = right !== undefined && right.dueNs < left.dueNs;
      const child = isRightFirst ? right : left;
      if (last.dueNs <= child.dueNs) break;
      heap[index] = child;
      index = isRightFirst ? leftIndex + 1 : leftIndex;
    }
    heap[index] = last;
  }
}
