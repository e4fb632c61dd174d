/** Column value of a credit that no worker holds. */
export const NO_WORKER = 0xffff_ffff;

/**
 * Every credit of a phase that is not settled, as columns: an open-addressed table keyed by credit id, without an object a credit. Slots
 * move when a credit is removed or the table grows, so a slot is good until the next {@link add} or {@link removeAt} only.
 */
export class CreditTable {
  #size = 0;
  #bits = 8;
  /** Credit ids; -1: free. */
  #ids = new Float64Array(1 << this.#bits).fill(-1);
  /** Row of the session in the session table. */
  sessionRows: Uint32Array<ArrayBuffer> = new Uint32Array(1 << this.#bits);
  turnIndexes: Uint32Array<ArrayBuffer> = new Uint32Array(1 << this.#bits);
  /** Number of the worker that holds the credit, or {@link NO_WORKER}. */
  workers: Uint32Array<ArrayBuffer> = new Uint32Array(1 << this.#bits);
  dueNs: Float64Array<ArrayBuffer> = new Float64Array(1 << this.#bits);
  delaysNs: Float64Array<ArrayBuffer> = new Float64Array(1 << this.#bits);
  cancelAfterNs: Float64Array<ArrayBuffer> = new Float64Array(1 << this.#bits);

  get size(): number {
    return this.#size;
  }

  /** The slot of a new credit; its columns are for the caller to fill. */
  add(id: number): number {
    if ((this.#size + 1) * 2 > this.#ids.length) this.#grow();
    this.#size += 1;
    const slot = this.#freeSlot(id);
    this.#ids[slot] = id;
    return slot;
  }

  /** -1: it is not there. */
  find(id: number): number {
    const mask = this.#ids.length - 1;
    for (let slot = this.#home(id); ; slot = (slot + 1) & mask) {
      const found = this.#ids[slot];
      if (found === id) return slot;
      if (found === -1 || found === undefined) return -1;
    }
  }

  removeAt(slot: number): void {
    const mask = this.#ids.length - 1;
    this.#size -= 1;
    let hole = slot;
    // Entries that were pushed past the hole move back into it, so that no search ends too early.
    for (let next = (hole + 1) & mask; ; next = (next + 1) & mask) {
      const id = this.#ids[next];
      if (id === undefined || id === -1) break;
      const distance = (next - this.#home(id)) & mask;
      if (distance >= ((next - hole) & mask)) {
        this.#move(next, hole);
        hole = next;
      }
    }
    this.#ids[hole] = -1;
  }

  /** Ids of the credits that a worker holds, ascending. */
  idsOf(worker: number): number[] {
    const ids: number[] = [];
    for (let slot = 0; slot < this.#ids.length; slot += 1) {
      const id = this.#ids[slot] ?? -1;
      if (id !== -1 && this.workers[slot] === worker) ids.push(id);
    }
    return ids.sort((a, b) => a - b);
  }

  /** Whether a worker holds a credit that is due after this time. */
  hasDueAfter(timeNs: number): boolean {
    for (let slot = 0; slot < this.#ids.length; slot += 1) {
      if (this.#ids[slot] !== -1 && this.workers[slot] !== NO_WORKER && (this.dueNs[slot] ?? 0) > timeNs) return true;
    }
    return false;
  }

  /** Fibonacci hashing: ids come in sequence, and this spreads a sequence evenly. */
  #home(id: number): number {
    return Math.imul(id, 0x9e37_79b1) >>> (32 - this.#bits);
  }

  #freeSlot(id: number): number {
    const mask = this.#ids.length - 1;
    let slot = this.#home(id);
    while (this.#ids[slot] !== -1) slot = (slot + 1) & mask;
    return slot;
  }

  #move(from: number, to: number): void {
    this.#ids[to] = this.#ids[from] ?? -1;
    this.sessionRows[to] = this.sessionRows[from] ?? 0;
    this.turnIndexes[to] = this.turnIndexes[from] ?? 0;
    this.workers[to] = this.workers[from] ?? NO_WORKER;
    this.dueNs[to] = this.dueNs[from] ?? Number.NaN;
    this.delaysNs[to] = this.delaysNs[from] ?? 0;
    this.cancelAfterNs[to] = this.cancelAfterNs[from] ?? Number.NaN;
  }

  #grow(): void {
    const { sessionRows, turnIndexes, workers, dueNs, delaysNs, cancelAfterNs } = this;
    const ids = this.#ids;
    this.#bits += 1;
    const capacity = 1 << this.#bits;
    this.#ids = new Float64Array(capacity).fill(-1);
    this.sessionRows = new Uint32Array(capacity);
    this.turnIndexes = new Uint32Array(capacity);
    this.workers = new Uint32Array(capacity);
    this.dueNs = new Float64Array(capacity);
    this.delaysNs = new Float64Array(capacity);
    this.cancelAfterNs = new Float64Array(capacity);
    for (let slot = 0; slot < ids.length; slot += 1) {
      const id = ids[slot] ?? -1;
      if (id === -1) continue;
      const to = this.#freeSlot(id);
      this.#ids[to] = id;
      this.sessionRows[to] = sessionRows[slot] ?? 0;
      this.turnIndexes[to] = turnIndexes[slot] ?? 0;
      this.workers[to] = workers[slot] ?? NO_WORKER;
      this.dueNs[to] = dueNs[slot] ?? Number.NaN;
      this.delaysNs[to] = delaysNs[slot] ?? 0;
      this.cancelAfterNs[to] = cancelAfterNs[slot] ?? Number.NaN;
    }
  }
}
