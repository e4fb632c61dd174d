import { Bool, Field, Float64, Int32, Int64, List, Schema, TimeUnit, Timestamp, Utf8 } from 'apache-arrow';
import { encodeRows } from '../build/encode-rows.ts';

/** Epoch nanoseconds far beyond 2^53, so that any detour over doubles shows. */
export const TEST_EPOCH_NS = 1_795_333_656_021_402_123n;

/** One row of the test schema. */
export interface TestRow {
  readonly start: bigint | null;
  readonly latency: bigint | null;
  readonly throughput: number | null;
  readonly turn: number | null;
  readonly cancelled: boolean | null;
  readonly worker: string | null;
  readonly gaps: readonly number[] | null;
}

/** All types that a metric record file uses. */
export const testSchema: Schema = new Schema(
  [
    new Field('start', new Timestamp(TimeUnit.NANOSECOND, 'UTC'), true),
    new Field('latency', new Int64(), true, new Map([['unit', 'ns']])),
    new Field('throughput', new Float64(), true, new Map([['unit', 'tokens/sec']])),
    new Field('turn', new Int32(), true),
    new Field('cancelled', new Bool(), true),
    new Field('worker', new Utf8(), true),
    new Field('gaps', new List(new Field('item', new Float64(), true)), true),
  ],
  new Map([['aiperf.version', '0.1.0']]),
);

/** Deterministic rows; every column has nulls somewhere. */
export function testRows(count: number, first = 0): TestRow[] {
  return Array.from({ length: count }, (_, offset) => {
    const i = first + offset;
    return {
      start: i % 13 === 12 ? null : TEST_EPOCH_NS + BigInt(i) * 1_000_001n,
      latency: i % 7 === 3 ? null : BigInt(i) * 1_234_567n - 5n,
      throughput: i % 5 === 1 ? null : i / 3,
      turn: i % 11 === 2 ? null : i % 4,
      cancelled: i % 6 === 5 ? null : i % 2 === 0,
      worker: i % 9 === 4 ? null : `worker_${i % 3}${i % 17 === 8 ? ' é✓' : ''}`,
      gaps: i % 8 === 6 ? null : Array.from({ length: i % 4 }, (_, k) => i + k / 4),
    };
  });
}

/** Encapsulated message of the rows. */
export function testMessage(rows: readonly TestRow[]): Uint8Array {
  return encodeRows(
    testSchema,
    rows.map((row) => ({ ...row })),
  );
}
