import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PERCENTILES, summarize } from '@aiperf/metrics/stats';
import { pythonIfAny } from '@aiperf/tooling-scripts/python-venv';
import { describe, expect, test } from 'vitest';

const SIZES = [1, 2, 10, 1e3, 1e6] as const;
const SETS = 10;
/** For each data set in a file of doubles: the percentiles, then mean, the exactly rounded sum, and the deviation. */
const PROGRAM = `
import math, sys
import numpy as np
percents = [${PERCENTILES.join(', ')}]
data = np.fromfile(sys.argv[1]).reshape(${SETS}, -1)
rows = [np.concatenate([np.percentile(row, percents), [row.mean(), math.fsum(row), row.std()]]) for row in data]
np.array(rows).tofile(sys.argv[2])
`;

/** Uniform numbers in 0..1 with 53 bits, from a seed: splitmix64. */
function createUniform(seed: number): () => number {
  let state = BigInt(seed);
  return () => {
    state = BigInt.asUintN(64, state + 0x9e37_79b9_7f4a_7c15n);
    let mixed = state;
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 30n)) * 0xbf58_476d_1ce4_e5b9n);
    mixed = BigInt.asUintN(64, (mixed ^ (mixed >> 27n)) * 0x94d0_49bb_1331_11ebn);
    return Number((mixed ^ (mixed >> 31n)) >> 11n) / 2 ** 53;
  };
}

/** Latencies in ns as whole numbers, fractions, a heavy tail, few different values: by the number of the set. */
function createSample(size: number, set: number): Float64Array {
  const uniform = createUniform(size * 100 + set);
  return Float64Array.from({ length: size }, () => {
    switch (set % 4) {
      case 0:
        return Math.round(1e9 * -Math.log(1 - uniform()));
      case 1:
        return uniform() * 1e6;
      case 2:
        return 1 / (uniform() + 1e-9);
      default:
        return Math.floor(uniform() * 50);
    }
  });
}

/** Distance in units in the last place; both at least 0. */
function ulps(a: number, b: number): number {
  const bits = (value: number): bigint => new BigInt64Array(new Float64Array([value]).buffer)[0] ?? 0n;
  return Math.abs(Number(bits(a) - bits(b)));
}

async function numpyRows(samples: readonly Float64Array[], python: string): Promise<Float64Array> {
  const directory = await mkdtemp(join(tmpdir(), 'aiperf-numpy-'));
  try {
    const [input, output] = [join(directory, 'in'), join(directory, 'out')];
    await writeFile(input, Buffer.concat(samples.map(({ buffer }) => Buffer.from(buffer))));
    await promisify(execFile)(python, ['-c', PROGRAM, input, output]);
    const bytes = await readFile(output);
    return new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

const python = await pythonIfAny(['numpy']);

describe.skipIf(python === undefined)('numpy (needs Python 3 with venv)', () => {
  test.for(SIZES)(
    'ten random samples of %d values: percentiles to the last bit but one, sums exactly',
    { timeout: 60_000 },
    async (size) => {
      const samples = Array.from({ length: SETS }, (_, set) => createSample(size, set));
      const rows = await numpyRows(samples, python ?? '');
      const width = PERCENTILES.length + 3;
      expect(rows).toHaveLength(SETS * width);
      for (const [set, sample] of samples.entries()) {
        const expected = rows.subarray(set * width, (set + 1) * width);
        const summary: Readonly<Record<string, unknown>> = { ...summarize(sample.slice()) };
        for (const [index, percent] of PERCENTILES.entries()) {
          const name = `p${String(percent).replace('.', '_')}`;
          expect(ulps(Number(summary[name]), expected[index] ?? 0), `${name} of set ${set}`).toBeLessThanOrEqual(1);
        }
        const [avg = 0, sum = 0, std = 0] = expected.subarray(PERCENTILES.length);
        expect(ulps(Number(summary['sum']), sum)).toBeLessThanOrEqual(1);
        expect(ulps(Number(summary['avg']), sum / size)).toBeLessThanOrEqual(1);
        // numpy adds in pairs, which is less exact.
        expect(Math.abs(Number(summary['avg']) - avg)).toBeLessThanOrEqual(avg * 1e-12);
        expect(Math.abs(Number(summary['std']) - std)).toBeLessThanOrEqual(std * 1e-9);
      }
    },
  );
});
