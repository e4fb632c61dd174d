import type { PhaseConfig } from '@aiperf/config';
import type { SimulatedRequest } from '@aiperf/timing/simulation';

/** Requests of a phase that are printed: these from its beginning, and these from its end. */
const FIRST_COUNT = 10;
const LAST_COUNT = 3;

/** What is kept of one phase of a dry run: sums, and the requests that are printed. */
export class PhaseBook {
  readonly phase: PhaseConfig;
  readonly first: SimulatedRequest[] = [];
  /** The latest requests after those; the oldest is overwritten. */
  readonly #last: SimulatedRequest[] = [];
  requestCount = 0;
  inputTokens = 0;
  outputTokens = 0;

  constructor(phase: PhaseConfig) {
    this.phase = phase;
  }

  add(request: SimulatedRequest, inputTokens: number, outputTokens: number): void {
    this.requestCount += 1;
    this.inputTokens += inputTokens;
    this.outputTokens += outputTokens;
    if (this.first.length < FIRST_COUNT) this.first.push(request);
    else this.#last[(this.requestCount - 1 - FIRST_COUNT) % LAST_COUNT] = request;
  }

  get last(): readonly SimulatedRequest[] {
    const from = Math.max(0, this.requestCount - FIRST_COUNT - this.#last.length) % LAST_COUNT;
    return this.#last.length < LAST_COUNT ? this.#last : [...this.#last.slice(from), ...this.#last.slice(0, from)];
  }

  /** Requests that are not printed between the first and the last. */
  get leftOutCount(): number {
    return this.requestCount - this.first.length - this.#last.length;
  }
}
