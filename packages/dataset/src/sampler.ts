import assert from 'node:assert';
import type { RandomStream } from './random.ts';

/** How the next conversation is chosen; the names are those of `--dataset-sampling-strategy`. */
export type SamplingStrategy = 'sequential' | 'random' | 'shuffle';

/** An endless sequence of conversation indexes. */
export interface Sampler {
  next(): number;
}

/**
 * The order in which the conversations of a dataset are played. `sequential`: in dataset order, again from the first after the last;
 * `random`: each one drawn from all of them, so some repeat before others appear; `shuffle`: passes over the whole dataset, each in a new
 * random order. `count` is at least 1.
 */
export function createSampler(strategy: SamplingStrategy, count: number, random: RandomStream): Sampler {
  assert(Number.isInteger(count) && count >= 1, `sampler: ${count} is not a number of conversations`);
  switch (strategy) {
    case 'sequential':
      return createSequentialSampler(count);
    case 'random':
      return { next: () => random.nextInt(count) };
    case 'shuffle':
      return createShuffleSampler(count, random);
  }
}

function createSequentialSampler(count: number): Sampler {
  let following = 0;
  return {
    next(): number {
      const index = following;
      following = index + 1 === count ? 0 : index + 1;
      return index;
    },
  };
}

function createShuffleSampler(count: number, random: RandomStream): Sampler {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  let taken = count;
  return {
    next(): number {
      if (taken === count) {
        shuffleInPlace(order, random);
        taken = 0;
      }
      const index = order[taken] ?? 0;
      taken += 1;
      return index;
    },
  };
}

/** Fisher-Yates: every order is equally likely. */
export function shuffleInPlace(values: Uint32Array, random: RandomStream): void {
  for (let last = values.length - 1; last > 0; last -= 1) {
    const other = random.nextInt(last + 1);
    const value = values[last] ?? 0;
    values[last] = values[other] ?? 0;
    values[other] = value;
  }
}
