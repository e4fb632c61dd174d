import { Bool, Field, Float64, Int32, Int64, List, Schema, TimestampNanosecond, Utf8, type Vector } from 'apache-arrow';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RecordBatchBuilder } from './record-batch-builder.ts';
import { readMessage } from '../testing/index.ts';

const ORIGIN_EPOCH_NS = 1_795_333_439_449_346_081n;
const schema = new Schema([
  new Field('wide', new Int64(), true),
  new Field('count', new Int32(), true),
  new Field('real', new Float64(), true),
  new Field('at', new TimestampNanosecond('UTC'), true),
  new Field('text', new Utf8(), true),
  new Field('flag', new Bool(), false),
  new Field('gaps', new List(new Field('item', new Int64(), false)), true),
  new Field('ratios', new List(new Field('item', new Float64(), false)), true),
]);

interface Row {
  readonly wide: number;
  readonly count: number;
  readonly real: number;
  readonly at: number;
  readonly text: string | undefined;
  readonly flag: boolean;
  readonly gaps: readonly number[];
}

function write(builder: RecordBatchBuilder, { wide, count, real, at, text, flag, gaps }: Row): void {
  const row = builder.rowCount;
  builder.numberColumn('wide').set(row, wide);
  builder.numberColumn('count').set(row, count);
  builder.numberColumn('real').set(row, real);
  builder.numberColumn('at').set(row, at);
  builder.textColumn('text').set(row, text);
  builder.boolColumn('flag').set(row, flag);
  for (const gap of gaps) {
    builder.listColumn('gaps').append(gap);
    builder.listColumn('ratios').append(gap / 3);
  }
  builder.listColumn('gaps').endRow(row);
  builder.listColumn('ratios').endRow(row);
  builder.endRow();
}

/** Rows as the reader gives them, numbers absent as NaN like the input. */
function read(message: Uint8Array): Row[] {
  const table = readMessage(schema, message);
  const values = (name: string): unknown[] => Array.from(table.getChild(name) as Vector) as unknown[];
  const raw = (name: string): bigint[] =>
    table.getChild(name)?.data.flatMap((data) => Array.from(data.values as BigInt64Array)) ?? [];
  const orNaN = (value: unknown): number => (value === null ? Number.NaN : Number(value));
  const [wide, count, real, at, text, flag, gaps, ratios] = schema.fields.map(({ name }) => values(name));
  const stamps = raw('at');
  return Array.from({ length: table.numRows }, (_, row) => {
    const list = gaps?.[row] === null ? [] : Array.from(gaps?.[row] as Iterable<bigint>, Number);
    const thirds = ratios?.[row] === null ? [] : Array.from(ratios?.[row] as Iterable<number>);
    expect(thirds).toEqual(list.map((gap) => gap / 3));
    return {
      wide: orNaN(wide?.[row]),
      count: orNaN(count?.[row]),
      real: orNaN(real?.[row]),
      at: at?.[row] === null ? Number.NaN : Number((stamps[row] ?? 0n) - ORIGIN_EPOCH_NS),
      text: (text?.[row] as string | null) ?? undefined,
      flag: flag?.[row] as boolean,
      gaps: list,
    };
  });
}

const integer = fc.oneof(fc.integer({ min: -(2 ** 53) + 1, max: 2 ** 53 - 1 }), fc.constant(Number.NaN));
const rowArbitrary: fc.Arbitrary<Row> = fc.record({
  wide: integer,
  count: fc.oneof(fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }), fc.constant(Number.NaN)),
  real: fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.constant(Number.NaN)),
  at: fc.oneof(fc.integer({ min: -1000, max: 2 ** 52 }), fc.constant(Number.NaN)),
  text: fc.option(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('worker_1', '')), { nil: undefined }),
  flag: fc.boolean(),
  gaps: fc.array(fc.nat({ max: 2 ** 31 }), { maxLength: 4 }),
});

describe('RecordBatchBuilder', () => {
  test('every value and every null comes back, batch after batch', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(rowArbitrary, { minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 3 }),
        (batches) => {
          const builder = new RecordBatchBuilder(schema, ORIGIN_EPOCH_NS);
          for (const rows of batches) {
            for (const row of rows) write(builder, row);
            const message = builder.take();
            expect(message.length % 8).toBe(0);
            expect([...message.subarray(0, 4)]).toEqual([255, 255, 255, 255]);
            expect(read(message)).toEqual(rows);
          }
        },
      ),
    );
  });

  test('grows beyond its first capacity', () => {
    const builder = new RecordBatchBuilder(schema, ORIGIN_EPOCH_NS);
    const rows = Array.from({ length: 5000 }, (_, index) => ({
      wide: index % 7 === 0 ? Number.NaN : index * 1e9,
      count: index,
      real: index / 3,
      at: index * 1_000_003,
      text: index % 5 === 0 ? undefined : `row ${index % 11}`,
      flag: index % 2 === 0,
      gaps: Array.from({ length: index % 4 }, (_, gap) => gap + index),
    }));
    for (const row of rows) write(builder, row);
    expect(read(builder.take())).toEqual(rows);
  });

  test.for([2 ** 31, -(2 ** 31), Number.POSITIVE_INFINITY])('%d is no 32-bit count and becomes null', (count) => {
    const builder = new RecordBatchBuilder(schema, ORIGIN_EPOCH_NS);
    write(builder, { wide: 1, count, real: 1, at: 1, text: 'x', flag: true, gaps: [] });
    expect(read(builder.take())[0]?.count).toBeNaN();
  });

  test('a column that does not exist or has another type is refused', () => {
    const builder = new RecordBatchBuilder(schema, ORIGIN_EPOCH_NS);
    expect(() => builder.numberColumn('nonsense')).toThrow(/no column 'nonsense'/);
    expect(() => builder.textColumn('wide')).toThrow(/not a utf8 column/);
  });
});
