import { CONFIDENCE_PERCENTS, confidenceRanks } from './confidence.ts';
import { interpolate, percentilePosition, PERCENTILES } from './percentile.ts';
import { CompensatedSum } from './sum.ts';
import { toSummary, type Summary } from './summary.ts';

const DIGITS = 4;
const DIGIT_VALUES = 65_536;

/** Values whose leading digits are equal; refined in the next pass, or collected when they are few. */
interface Node {
  readonly level: number;
  /** Number of values smaller than all in this node. */
  readonly baseRank: number;
  readonly counts: Float64Array;
  readonly children: Map<number, Node | Leaf>;
}

interface Leaf {
  readonly baseRank: number;
  readonly values: Float64Array;
  filled: number;
}

/**
 * Exact statistics of a sample that does not fit in memory, in at most five passes over it. The first pass counts values by the leading
 * 16 bits of their order-preserving bit pattern; each further pass looks only at the buckets that hold a wanted rank, until what is
 * in them fits into `maxCollected` values. Memory: some 10 MB and those values.
 *
 * Call {@link add} for every value, then {@link endPass}, again while {@link isDone} is false.
 */
export class StreamingSummary {
  readonly #maxCollected: number;
  readonly #extraRanks: (count: number) => readonly number[];
  readonly #sum = new CompensatedSum();
  readonly #squares = new CompensatedSum();
  readonly #root: Node = createNode(0, 0);
  readonly #bits = new Float64Array(1);
  readonly #words: Uint32Array = new Uint32Array(this.#bits.buffer);
  readonly #digits = new Uint32Array(DIGITS);
  #ranks: readonly number[] = [];
  #count = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #pass = 0;
  isDone = false;

  /** `extraRanks` gives further 0-based ranks of a sample of `count` values that {@link valueAt} will be asked for. */
  constructor(maxCollected: number, extraRanks: (count: number) => readonly number[] = () => []) {
    this.#maxCollected = maxCollected;
    this.#extraRanks = extraRanks;
  }

  add(value: number): void {
    this.#split(value);
    if (this.#pass === 0) {
      this.#count++;
      this.#sum.add(value);
      if (value < this.#min) this.#min = value;
      if (value > this.#max) this.#max = value;
      increment(this.#root, this.#digits);
      return;
    }
    if (this.#pass === 1) {
      const distance = value - this.#sum.value / this.#count;
      this.#squares.add(distance * distance);
    }
    this.#descend(value);
  }

  endPass(): void {
    if (this.#pass === 0) this.#ranks = wantedRanks(this.#count, this.#extraRanks(this.#count));
    this.#pass++;
    if (this.#count === 0) {
      this.isDone = true;
      return;
    }
    const open = [...openNodes(this.#root)];
    // The second pass is needed for the deviations even where the first one found every rank.
    if (this.#pass > 1 && open.length === 0) {
      this.isDone = true;
      return;
    }
    const wanted = open.flatMap((node) => bucketsWithRanks(node, this.#ranks));
    const total = wanted.reduce((sum, { count }) => sum + count, 0);
    const collects = total <= this.#maxCollected;
    for (const { node, digit, baseRank, count } of wanted) {
      const isExact = node.level === DIGITS - 1;
      node.children.set(
        digit,
        collects || isExact
          ? { baseRank, values: new Float64Array(isExact ? 1 : count), filled: 0 }
          : createNode(node.level + 1, baseRank),
      );
    }
  }

  /** `undefined` for an empty sample. Call once {@link isDone} is true. */
  result(): Summary | undefined {
    if (this.#count === 0) return undefined;
    this.#sortLeaves();
    return toSummary({
      count: this.#count,
      sum: this.#sum.value,
      min: this.#min,
      max: this.#max,
      std: Math.sqrt(this.#squares.value / this.#count),
      percentiles: PERCENTILES.map((percent) => {
        const { lower, upper, weight } = percentilePosition(this.#count, percent);
        return interpolate(this.valueAt(lower), this.valueAt(upper), weight);
      }),
      valueAt: (rank) => this.valueAt(rank),
    });
  }

  /** Value at a 0-based rank that a percentile, a confidence interval or the extra ranks needed. Call after {@link result}. */
  valueAt(rank: number): number {
    let found = Number.NaN;
    for (const { baseRank, values } of leaves(this.#root)) {
      // A leaf of equal values keeps only one of them; ranks between two leaves cannot be asked for.
      if (baseRank <= rank) found = values[Math.min(rank - baseRank, values.length - 1)] ?? Number.NaN;
    }
    return found;
  }

  #sortLeaves(): void {
    for (const leaf of leaves(this.#root)) leaf.values.subarray(0, leaf.filled).sort();
  }

  /** Sets the digits of the value's bit pattern, changed so that patterns sort as unsigned numbers like the values. */
  #split(value: number): void {
    // Adding 0 turns -0 into 0, which sorts beside it.
    this.#bits[0] = value + 0;
    const low = this.#words[0] ?? 0;
    const high = this.#words[1] ?? 0;
    const isNegative = high >>> 31 === 1;
    const orderedHigh = isNegative ? ~high >>> 0 : (high | 0x8000_0000) >>> 0;
    const orderedLow = isNegative ? ~low >>> 0 : low;
    this.#digits[0] = orderedHigh >>> 16;
    this.#digits[1] = orderedHigh & 0xffff;
    this.#digits[2] = orderedLow >>> 16;
    this.#digits[3] = orderedLow & 0xffff;
  }

  #descend(value: number): void {
    let node = this.#root;
    for (;;) {
      const child = node.children.get(this.#digits[node.level] ?? 0);
      if (child === undefined) {
        // A node without children is one that this pass counts.
        if (node.children.size === 0) increment(node, this.#digits);
        return;
      }
      if ('values' in child) {
        if (child.filled < child.values.length) child.values[child.filled++] = value;
        return;
      }
      node = child;
    }
  }
}

/** Values of a node that agree in one more digit. */
interface Bucket {
  readonly node: Node;
  readonly digit: number;
  readonly baseRank: number;
  readonly count: number;
}

function createNode(level: number, baseRank: number): Node {
  return { level, baseRank, counts: new Float64Array(DIGIT_VALUES), children: new Map() };
}

function increment(node: Node, digits: Uint32Array): void {
  const digit = digits[node.level] ?? 0;
  node.counts[digit] = (node.counts[digit] ?? 0) + 1;
}

function wantedRanks(count: number, extra: readonly number[]): number[] {
  const percentiles = PERCENTILES.flatMap((percent) => {
    const { lower, upper } = percentilePosition(count, percent);
    return [lower, upper];
  });
  const bounds = CONFIDENCE_PERCENTS.flatMap((percent) => {
    const ranks = confidenceRanks(count, percent);
    return ranks === undefined ? [] : [ranks.low, ranks.high];
  });
  return [...new Set([...percentiles, ...bounds, ...extra])].sort((a, b) => a - b);
}

/** Nodes that were counted and whose buckets are not yet refined, in ascending order of value. */
function* openNodes(node: Node): Generator<Node> {
  if (node.children.size === 0) {
    yield node;
    return;
  }
  for (const child of node.children.values()) if (!('values' in child)) yield* openNodes(child);
}

function* leaves(node: Node): Generator<Leaf> {
  for (const child of node.children.values()) {
    if ('values' in child) yield child;
    else yield* leaves(child);
  }
}

/** Buckets of a node that hold a wanted rank, ascending. */
function bucketsWithRanks(node: Node, ranks: readonly number[]): Bucket[] {
  const found: Bucket[] = [];
  let baseRank = node.baseRank;
  for (let digit = 0; digit < DIGIT_VALUES; digit++) {
    const count = node.counts[digit] ?? 0;
    const from = baseRank;
    if (count > 0 && ranks.some((rank) => rank >= from && rank < from + count))
      found.push({ node, digit, baseRank, count });
    baseRank += count;
  }
  return found;
}
