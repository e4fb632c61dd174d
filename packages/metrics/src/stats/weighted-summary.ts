/** The 64 bits of a double as five digits of 12 bits, the first of them sign and exponent, and one of 4. */
const DIGIT_BITS = 12;
const DIGIT_VALUES = 1 << DIGIT_BITS;
const LEVELS = 6;
/** Pairs that are collected and sorted, at most; beyond, buckets are refined once more. */
const MAX_COLLECTED = 65_536;

/** What is known of a weighted sample beside its quantiles. */
export interface WeightedMoments {
  readonly weight: number;
  readonly avg: number;
  /** Sum of weight x squared distance from the mean. */
  readonly squares: number;
  readonly min: number;
  readonly max: number;
}

/** Values that agree in their leading digits, counted by the next one. */
class Node {
  readonly level: number;
  /** Weight of all values smaller than those in this node. */
  readonly baseWeight: number;
  readonly weights: Float64Array = new Float64Array(DIGIT_VALUES);
  readonly counts: Uint32Array = new Uint32Array(DIGIT_VALUES);
  readonly lows: Float64Array = new Float64Array(DIGIT_VALUES).fill(Number.POSITIVE_INFINITY);
  readonly highs: Float64Array = new Float64Array(DIGIT_VALUES).fill(Number.NEGATIVE_INFINITY);
  readonly children = new Map<number, Node | Leaf>();

  constructor(level: number, baseWeight: number) {
    this.level = level;
    this.baseWeight = baseWeight;
  }
}

interface Leaf {
  readonly baseWeight: number;
  /** All its values are equal, and the one pair stands for them. */
  readonly isResolved: boolean;
  readonly pairs: { readonly value: number; readonly weight: number }[];
}

/** A wanted bucket: values between `low` and `high` in which the cumulative weight passes a target. */
interface Bucket {
  readonly node: Node;
  readonly digit: number;
  readonly baseWeight: number;
}

/**
 * Exact quantiles of a sample of non-negative values with weights, such as a curve that holds each value for a time, in bounded memory: as
 * {@link StreamingSummary}, with passes that narrow the buckets in which the cumulative weight passes a target. A bucket of equal values is
 * resolved at once. Memory: some 130 KB a bucket that is refined, and 65,536 collected pairs; at most six passes and one to collect.
 *
 * Call {@link add} for every pair, then {@link endPass}, again while {@link isDone} is false. Whole weights add up exactly.
 */
export class WeightedSummary {
  readonly #targetsOf: (weight: number) => readonly number[];
  readonly #root = new Node(0, 0);
  readonly #bits = new Float64Array(1);
  readonly #words: Uint32Array = new Uint32Array(this.#bits.buffer);
  readonly #digits = new Uint32Array(LEVELS);
  #targets: readonly number[] = [];
  #weight = 0;
  #avg = 0;
  #squares = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  #pass = 0;
  isDone = false;

  /** `targetsOf` gives the cumulative weights, above 0, whose values {@link valueAt} will be asked for, once the weight of all is known. */
  constructor(targetsOf: (weight: number) => readonly number[]) {
    this.#targetsOf = targetsOf;
  }

  add(value: number, weight: number): void {
    if (this.#pass === 0) {
      this.#weight += weight;
      const distance = value - this.#avg;
      this.#avg += (distance * weight) / this.#weight;
      this.#squares += weight * distance * (value - this.#avg);
      if (value < this.#min) this.#min = value;
      if (value > this.#max) this.#max = value;
    }
    this.#split(value);
    let node = this.#root;
    for (;;) {
      const child = node.children.get(this.#digits[node.level] ?? 0);
      if (child === undefined) {
        if (node.children.size === 0) this.#count(node, value, weight);
        return;
      }
      if (!(child instanceof Node)) {
        if (!child.isResolved) child.pairs.push({ value, weight });
        return;
      }
      node = child;
    }
  }

  endPass(): void {
    if (this.#pass === 0) this.#targets = this.#targetsOf(this.#weight);
    this.#pass++;
    const open = [...openNodes(this.#root)].flatMap((node) => bucketsOf(node, this.#targets));
    const unresolved = open.filter(({ node, digit }) => node.lows[digit] !== node.highs[digit]);
    const pairCount = unresolved.reduce((sum, { node, digit }) => sum + (node.counts[digit] ?? 0), 0);
    for (const { node, digit, baseWeight } of open) {
      const value = node.lows[digit] ?? Number.NaN;
      const weight = node.weights[digit] ?? 0;
      if (value === node.highs[digit])
        node.children.set(digit, { baseWeight, isResolved: true, pairs: [{ value, weight }] });
      else if (pairCount <= MAX_COLLECTED) node.children.set(digit, { baseWeight, isResolved: false, pairs: [] });
      else node.children.set(digit, new Node(node.level + 1, baseWeight));
    }
    this.isDone = unresolved.length === 0;
  }

  /** `undefined` for an empty sample. */
  get moments(): WeightedMoments | undefined {
    if (this.#weight === 0) return undefined;
    const [weight, min, max] = [this.#weight, this.#min, this.#max];
    // Rounding must not make equal values differ, or the sum of squares negative.
    if (min === max) return { weight, avg: min, squares: 0, min, max };
    return { weight, avg: this.#avg, squares: Math.max(0, this.#squares), min, max };
  }

  /** The first value at which the cumulative weight of the ascending values reaches a target that was asked for. */
  valueAt(target: number): number {
    let found: Leaf | undefined;
    for (const leaf of leavesOf(this.#root)) if (leaf.baseWeight < target || found === undefined) found = leaf;
    if (found === undefined) return Number.NaN;
    const pairs = found.pairs.toSorted((a, b) => a.value - b.value);
    let weight = found.baseWeight;
    for (const pair of pairs) {
      weight += pair.weight;
      if (weight >= target) return pair.value;
    }
    return pairs.at(-1)?.value ?? Number.NaN;
  }

  #count(node: Node, value: number, weight: number): void {
    const digit = this.#digits[node.level] ?? 0;
    node.weights[digit] = (node.weights[digit] ?? 0) + weight;
    node.counts[digit] = (node.counts[digit] ?? 0) + 1;
    if (value < (node.lows[digit] ?? 0)) node.lows[digit] = value;
    if (value > (node.highs[digit] ?? 0)) node.highs[digit] = value;
  }

  /** Bit patterns of values of at least 0 sort as the values do. */
  #split(value: number): void {
    this.#bits[0] = value;
    const low = this.#words[0] ?? 0;
    const high = this.#words[1] ?? 0;
    this.#digits[0] = high >>> 20;
    this.#digits[1] = (high >>> 8) & 0xfff;
    this.#digits[2] = ((high & 0xff) << 4) | (low >>> 28);
    this.#digits[3] = (low >>> 16) & 0xfff;
    this.#digits[4] = (low >>> 4) & 0xfff;
    this.#digits[5] = low & 0xf;
  }
}

/** Nodes that the last pass counted, in ascending order of value. */
function* openNodes(node: Node): Generator<Node> {
  if (node.children.size === 0) {
    yield node;
    return;
  }
  for (const child of node.children.values()) if (child instanceof Node) yield* openNodes(child);
}

function* leavesOf(node: Node): Generator<Leaf> {
  const digits = [...node.children.keys()].sort((a, b) => a - b);
  for (const digit of digits) {
    const child = node.children.get(digit);
    if (child instanceof Node) yield* leavesOf(child);
    else if (child !== undefined) yield child;
  }
}

/** Buckets of a node in which the cumulative weight reaches a target. */
function bucketsOf(node: Node, targets: readonly number[]): Bucket[] {
  const found: Bucket[] = [];
  let baseWeight = node.baseWeight;
  for (let digit = 0; digit < DIGIT_VALUES; digit++) {
    if ((node.counts[digit] ?? 0) === 0) continue;
    const from = baseWeight;
    const to = from + (node.weights[digit] ?? 0);
    if (targets.some((target) => target > from && target <= to)) found.push({ node, digit, baseWeight });
    baseWeight = to;
  }
  return found;
}
