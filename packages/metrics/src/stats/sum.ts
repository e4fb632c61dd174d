/**
 * Sum with a running compensation (Neumaier's variant): the error does not grow with the number of terms, which matters for columns
 * of 10 million latencies whose exact total is beyond 2^53.
 */
export class CompensatedSum {
  #sum = 0;
  #compensation = 0;

  add(value: number): void {
    const next = this.#sum + value;
    this.#compensation += Math.abs(this.#sum) >= Math.abs(value) ? this.#sum - next + value : value - next + this.#sum;
    this.#sum = next;
  }

  get value(): number {
    return this.#sum + this.#compensation;
  }
}
