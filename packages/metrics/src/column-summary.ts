import { summarize, type Summary } from './stats/summary.ts';
import { StreamingSummary } from './stats/streaming-summary.ts';

/** Takes the values of one metric in one group of rows, in as many passes as it asks for. */
export interface ColumnCollector {
  add(value: number): void;
  endPass(): void;
  readonly isDone: boolean;
  /** `undefined` when there was no value. */
  result(): Summary | undefined;
  /** Value at a rank of the ascending sample that was asked for; call after {@link result}. */
  valueAt(rank: number): number;
}

/** 0-based ranks of a sample of `count` values. */
export type ExtraRanks = (count: number) => readonly number[];

/** Keeps all values, of which there are at most `capacity`, and sorts them. */
class MemoryCollector implements ColumnCollector {
  readonly #values: Float64Array;
  #count = 0;
  isDone = false;

  constructor(capacity: number) {
    this.#values = new Float64Array(capacity);
  }

  add(value: number): void {
    this.#values[this.#count++] = value;
  }

  endPass(): void {
    this.isDone = true;
  }

  result(): Summary | undefined {
    return summarize(this.#values.subarray(0, this.#count));
  }

  valueAt(rank: number): number {
    return this.#values[rank] ?? Number.NaN;
  }
}

/** A collector for at most `valueCount` values that takes about `budgetBytes` at most. */
export function createCollector(valueCount: number, budgetBytes: number, extraRanks?: ExtraRanks): ColumnCollector {
  const bytes = valueCount * Float64Array.BYTES_PER_ELEMENT;
  return bytes <= budgetBytes
    ? new MemoryCollector(valueCount)
    : new StreamingSummary(budgetBytes / Float64Array.BYTES_PER_ELEMENT, extraRanks);
}
