import assert from 'node:assert';
import { createHash, randomInt } from 'node:crypto';

/** One independent sequence of pseudo-random numbers. */
export interface RandomStream {
  /** Uniform in [0, 1), a multiple of 2^-53. */
  nextUniform(): number;
  /** Uniform over the integers 0 … n-1, without modulo bias. `n` is an integer from 1 to 2^32. */
  nextInt(n: number): number;
  /** Normal with mean 0 and standard deviation 1. */
  nextNormal(): number;
  /** Exponential with mean `1 / rate`; `rate` is above 0. */
  nextExponential(rate: number): number;
}

/** Where every random number of a run comes from. */
export interface RandomSource {
  /** The stream of that name, from its beginning. Streams of different names are independent: drawing from one shifts no other. */
  stream(name: string): RandomStream;
}

/**
 * Makes the named streams of one root seed: the same seed and name give the same numbers in every process and on every platform.
 * Seed 0 is a seed like any other; without a seed the root is drawn from the operating system.
 */
export function createRandomSource(rootSeed: number | undefined): RandomSource {
  const root = rootSeed === undefined ? `unseeded:${randomInt(2 ** 47)}:${randomInt(2 ** 47)}` : `seed:${rootSeed}`;
  return { stream: (name) => new Xoshiro128StarStar(`${root}\n${name}`) };
}

const TWO_POW_32 = 2 ** 32;
const EXACT_PRODUCT_MAX = 2 ** 21;

/**
 * xoshiro128** of Blackman and Vigna (2018): period 2^128 - 1, 32 bits a step. Its 128 bits of state are the first half of the SHA-256
 * of seed and name, so that neighbouring seeds and similar names start far apart.
 */
class Xoshiro128StarStar implements RandomStream {
  #s0: number;
  #s1: number;
  #s2: number;
  #s3: number;
  /** The second value of the last polar pair; NaN: none left. */
  #spareNormal = Number.NaN;

  constructor(key: string) {
    const digest = createHash('sha256').update(key).digest();
    this.#s0 = digest.readUInt32LE(0);
    this.#s1 = digest.readUInt32LE(4);
    this.#s2 = digest.readUInt32LE(8);
    // The all-zero state is the one fixed point of the generator.
    this.#s3 = digest.readUInt32LE(12) || 1;
  }

  #nextUint32(): number {
    const product = Math.imul(this.#s1, 5);
    const result = Math.imul((product << 7) | (product >>> 25), 9) >>> 0;
    const shifted = this.#s1 << 9;
    this.#s2 ^= this.#s0;
    this.#s3 ^= this.#s1;
    this.#s1 ^= this.#s2;
    this.#s0 ^= this.#s3;
    this.#s2 ^= shifted;
    this.#s3 = (this.#s3 << 11) | (this.#s3 >>> 21);
    return result;
  }

  nextUniform(): number {
    const high27 = this.#nextUint32() >>> 5;
    const low26 = this.#nextUint32() >>> 6;
    return (high27 * 2 ** 26 + low26) / 2 ** 53;
  }

  nextInt(n: number): number {
    if (!Number.isInteger(n) || n < 1 || n > TWO_POW_32) assert.fail(`nextInt: ${n} is not an integer from 1 to 2^32`);
    // Lemire's method: the high part of value * n is the result, and the few products whose low part is below 2^32 mod n are drawn again,
    // since they would favour some results. Written with doubles, which hold the product exactly as long as n <= 2^21.
    if (n > EXACT_PRODUCT_MAX) return this.#nextLargeInt(n);
    for (;;) {
      const product = this.#nextUint32() * n;
      const result = Math.floor(product / TWO_POW_32);
      const low = product - result * TWO_POW_32;
      if (low >= n || low >= TWO_POW_32 % n) return result;
    }
  }

  #nextLargeInt(n: number): number {
    // Values from the incomplete last stretch of length n are drawn again: they would favour the small results.
    const acceptBelow = TWO_POW_32 - (TWO_POW_32 % n);
    let value = this.#nextUint32();
    while (value >= acceptBelow) value = this.#nextUint32();
    return value % n;
  }

  nextNormal(): number {
    if (!Number.isNaN(this.#spareNormal)) {
      const spare = this.#spareNormal;
      this.#spareNormal = Number.NaN;
      return spare;
    }
    // Marsaglia's polar method: a point in the unit disc gives two independent normals.
    for (;;) {
      const x = 2 * this.nextUniform() - 1;
      const y = 2 * this.nextUniform() - 1;
      const radiusSquared = x * x + y * y;
      if (radiusSquared > 0 && radiusSquared < 1) {
        const scale = Math.sqrt((-2 * Math.log(radiusSquared)) / radiusSquared);
        this.#spareNormal = y * scale;
        return x * scale;
      }
    }
  }

  nextExponential(rate: number): number {
    // 1 - u lies in (0, 1], so the logarithm is finite.
    return -Math.log(1 - this.nextUniform()) / rate;
  }
}
