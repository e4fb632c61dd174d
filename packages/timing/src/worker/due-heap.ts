/** A binary heap: the first comes out first. Of rows of a table it holds the numbers, the keys stay in the table's columns. */
export class DueHeap<T = number> {
  readonly #isBefore: (a: T, b: T) => boolean;
  /** `rows[0]` is the first; the children of `rows[i]` are `rows[2i + 1]` and `rows[2i + 2]` and never come before it. */
  readonly #rows: T[] = [];

  constructor(isBefore: (a: T, b: T) => boolean) {
    this.#isBefore = isBefore;
  }

  get size(): number {
    return this.#rows.length;
  }

  /** `undefined` when empty. */
  peek(): T | undefined {
    return this.#rows[0];
  }

  /** The one that comes after {@link peek}'s; `undefined` without one. */
  peekSecond(): T | undefined {
    const [, left, right] = this.#rows;
    return left === undefined || right === undefined || this.#isBefore(left, right) ? left : right;
  }

  push(row: T): void {
    const rows = this.#rows;
    let index = rows.length;
    rows.push(row);
    while (index > 0) {
      const parentIndex = (index - 1) >> 1;
      const parent = rows[parentIndex] ?? row;
      if (!this.#isBefore(row, parent)) break;
      rows[index] = parent;
      index = parentIndex;
    }
    rows[index] = row;
  }

  pop(): T | undefined {
    const rows = this.#rows;
    const first = rows[0];
    const last = rows.pop();
    if (last === undefined || rows.length === 0) return first;
    let index = 0;
    for (;;) {
      let childIndex = 2 * index + 1;
      let child = rows[childIndex];
      if (child === undefined) break;
      const other = rows[childIndex + 1];
      if (other !== undefined && this.#isBefore(other, child)) {
        child = other;
        childIndex += 1;
      }
      if (!this.#isBefore(child, last)) break;
      rows[index] = child;
      index = childIndex;
    }
    rows[index] = last;
    return first;
  }
}
