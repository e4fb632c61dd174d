/** First-in first-out queue of numbers in one typed array that doubles when it is full; entries wrap around its end. */
export class NumberRing {
  #values = new Float64Array(16);
  #head = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  push(value: number): void {
    if (this.#size === this.#values.length) this.#grow();
    this.#values[(this.#head + this.#size) % this.#values.length] = value;
    this.#size += 1;
  }

  /** The entry that comes out after so many others; NaN when there are no more than those. */
  peek(index: number): number {
    if (index >= this.#size) return Number.NaN;
    return this.#values[(this.#head + index) % this.#values.length] ?? Number.NaN;
  }

  /** NaN when empty. */
  shift(): number {
    if (this.#size === 0) return Number.NaN;
    const value = this.#values[this.#head] ?? Number.NaN;
    this.#head = (this.#head + 1) % this.#values.length;
    this.#size -= 1;
    return value;
  }

  #grow(): void {
    const values = new Float64Array(this.#size * 2);
    for (let index = 0; index < this.#size; index += 1) values[index] = this.peek(index);
    this.#values = values;
    this.#head = 0;
  }
}
