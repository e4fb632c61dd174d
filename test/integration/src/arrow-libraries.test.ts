import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { ArrowRecordSink, encodeRows, recoverArrowFile, type ColumnValues } from '@aiperf/records/file';
import { PERCENTILES, percentileOfSorted } from '@aiperf/metrics/stats';
import { Bool, Field, Float64, Int32, Int64, List, Schema, TimestampNanosecond, Utf8 } from 'apache-arrow';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { pythonIfAny } from '@aiperf/tooling-scripts/python-venv';

const run = promisify(execFile);
const python = await pythonIfAny(['pyarrow', 'polars', 'duckdb', 'pandas']);
if (python === undefined)
  console.warn('No python3 with venv here: reading Arrow files with pyarrow, polars and DuckDB is not tested.');

const EPOCH_NS = 1_795_333_656_021_402_123n;
const BATCH_ROWS = [1000, 0, 1500];
const ROW_COUNT = 2500;
const schema = new Schema(
  [
    new Field('start', new TimestampNanosecond('UTC'), true, new Map([['unit', 'ns']])),
    new Field('latency', new Int64(), true, new Map([['unit', 'ns']])),
    new Field('throughput', new Float64(), true, new Map([['unit', 'tokens/sec']])),
    new Field('turn', new Int32(), false),
    new Field('cancelled', new Bool(), true),
    new Field('worker', new Utf8(), true),
    new Field('gaps', new List(new Field('item', new Float64(), false)), true, new Map([['unit', 'ns']])),
  ],
  new Map([['aiperf.schema_version', '1.0']]),
);

interface Row extends ColumnValues {
  readonly start: bigint | null;
  readonly latency: bigint | null;
  readonly throughput: number | null;
  readonly turn: number;
  readonly cancelled: boolean | null;
  readonly worker: string | null;
  readonly gaps: readonly number[] | null;
}

const rows: readonly Row[] = Array.from({ length: ROW_COUNT }, (_, i) => ({
  start: i % 13 === 12 ? null : EPOCH_NS + BigInt(i) * 1_000_001n,
  latency: i % 7 === 3 ? null : BigInt((i * 7919) % 10_007) * 12_345n,
  throughput: i % 5 === 1 ? null : ((i * 104_729) % 9973) / 7,
  turn: i % 4,
  cancelled: i % 6 === 5 ? null : i % 2 === 0,
  worker: i % 9 === 4 ? null : `worker_${i % 3}${i % 17 === 8 ? ' é✓' : ''}`,
  gaps: i % 8 === 6 ? null : Array.from({ length: i % 4 }, (_, k) => i + k / 4),
}));

const messages = BATCH_ROWS.map((count, i) => {
  const first = BATCH_ROWS.slice(0, i).reduce((sum, n) => sum + n, 0);
  return encodeRows(schema, rows.slice(first, first + count));
});

function percentiles(values: readonly (number | bigint | null)[]): number[] {
  const present = Float64Array.from(
    values.filter((value) => value !== null),
    Number,
  ).toSorted();
  return PERCENTILES.map((percent) => percentileOfSorted(present, percent));
}

const expectedPercentiles = {
  latency: percentiles(rows.map(({ latency }) => latency)),
  throughput: percentiles(rows.map(({ throughput }) => throughput)),
};

let folder = '';
let path = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'aiperf-arrow-'));
  path = join(folder, 'profile_export.arrow');
  await using sink = await ArrowRecordSink.create(path, schema);
  for (const bytes of messages) await sink.append(bytes);
  await sink.finish(new Map([['aiperf.summary', '{"requests":2500}']]));
});

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

/** Runs a script that prints one JSON document; `argv[1]` is the Arrow file. */
async function inPython(script: string, file: string = path): Promise<Record<string, unknown>> {
  if (python === undefined) throw new Error('no Python');
  const { stdout } = await run(python, ['-c', script, file], { maxBuffer: 1 << 26 });
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Libraries that interpolate by another formula may differ in the last bit. */
function expectClose(actual: unknown, expected: readonly number[]): void {
  const values = actual as number[];
  expect(values).toHaveLength(expected.length);
  for (const [i, value] of expected.entries())
    expect(Math.abs((values[i] ?? Number.NaN) / value - 1)).toBeLessThan(1e-13);
}

const names = schema.fields.map(({ name }) => name);

describe.skipIf(python === undefined)('a finished file (needs Python 3 with venv)', () => {
  test('pyarrow and pandas: rows, types, units, metadata, every value, percentiles bit for bit', async () => {
    const seen = await inPython(`
import json, sys
import numpy as np, pyarrow as pa, pyarrow.feather
with pa.ipc.open_file(sys.argv[1]) as reader:
    batches = reader.num_record_batches
    table = reader.read_all()
def values(name):
    column = table[name]
    return (column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).to_pylist()
pct = [${PERCENTILES.join(',')}]
def percentiles(name):
    return np.percentile(table[name].drop_null().to_numpy().astype(np.float64), pct).tolist()
frame = pyarrow.feather.read_feather(sys.argv[1])
print(json.dumps({
    "rows": table.num_rows, "batches": batches,
    "types": [str(f.type) for f in table.schema],
    "nullable": [f.nullable for f in table.schema],
    "units": {f.name: f.metadata[b"unit"].decode() for f in table.schema if f.metadata},
    "metadata": {k.decode(): v.decode() for k, v in table.schema.metadata.items()},
    "values": {n: values(n) for n in table.column_names if n not in ("start", "latency")},
    "exact": {n: [None if v is None else str(v) for v in values(n)] for n in ("start", "latency")},
    "percentiles": {n: percentiles(n) for n in ("latency", "throughput")},
    "pandas": [len(frame), str(frame["start"].dtype), str(frame["throughput"].dtype), int(frame["worker"].isna().sum())],
}))`);
    expect(seen).toMatchObject({
      rows: ROW_COUNT,
      batches: BATCH_ROWS.length,
      types: ['timestamp[ns, tz=UTC]', 'int64', 'double', 'int32', 'bool', 'string', 'list<item: double not null>'],
      nullable: schema.fields.map(({ nullable }) => nullable),
      units: { start: 'ns', latency: 'ns', throughput: 'tokens/sec', gaps: 'ns' },
      metadata: { 'aiperf.schema_version': '1.0', 'aiperf.summary': '{"requests":2500}' },
      pandas: [ROW_COUNT, 'datetime64[ns, UTC]', 'float64', rows.filter(({ worker }) => worker === null).length],
    });
    const values = seen['values'] as Record<string, unknown[]>;
    for (const name of names.filter((name) => name !== 'start' && name !== 'latency')) {
      expect(values[name]).toEqual(rows.map((row) => row[name as keyof Row]));
    }
    const text = (value: bigint | null): string | null => (value === null ? null : String(value));
    expect(seen['exact']).toEqual({
      start: rows.map(({ start }) => text(start)),
      latency: rows.map(({ latency }) => text(latency)),
    });
    expect(seen['percentiles']).toEqual(expectedPercentiles);
  });

  test('polars: rows, types, exact times, percentiles', async () => {
    const seen = await inPython(`
import json, sys
import polars as pl
frame = pl.read_ipc(sys.argv[1])
lazy = pl.scan_ipc(sys.argv[1]).select(pl.len()).collect().item()
pct = [${PERCENTILES.join(',')}]
print(json.dumps({
    "rows": [frame.height, lazy],
    "types": [str(t) for t in frame.dtypes],
    "nulls": frame.null_count().row(0),
    "start": [str(v) for v in frame["start"].to_physical().drop_nulls()],
    "latency": [frame["latency"].cast(pl.Float64).quantile(p / 100, "linear") for p in pct],
    "throughput": [frame["throughput"].quantile(p / 100, "linear") for p in pct],
}))`);
    expect(seen).toMatchObject({
      rows: [ROW_COUNT, ROW_COUNT],
      types: [
        "Datetime(time_unit='ns', time_zone='UTC')",
        'Int64',
        'Float64',
        'Int32',
        'Boolean',
        'String',
        'List(Float64)',
      ],
      nulls: names.map((name) => rows.filter((row) => row[name as keyof Row] === null).length),
      start: rows.flatMap(({ start }) => (start === null ? [] : String(start))),
    });
    expectClose(seen['latency'], expectedPercentiles.latency);
    expectClose(seen['throughput'], expectedPercentiles.throughput);
  });

  test('DuckDB: rows, types, percentiles', async () => {
    const seen = await inPython(`
import json, sys
import duckdb, pyarrow as pa
records = pa.ipc.open_file(sys.argv[1]).read_all()
pct = [${PERCENTILES.map((percent) => percent / 100).join(',')}]
one = lambda sql: duckdb.sql(sql).fetchall()[0][0]
print(json.dumps({
    "rows": one("select count(*) from records"),
    "types": {name: kind for name, kind, *_ in duckdb.sql("describe records").fetchall()},
    "workers": duckdb.sql("select worker, count(*) from records where worker is not null group by 1 order by 1").fetchall(),
    "gaps": one("select sum(len(gaps)) from records"),
    "latency": one(f"select quantile_cont(latency::double, {pct}) from records"),
    "throughput": one(f"select quantile_cont(throughput, {pct}) from records"),
}, default=int))`);
    const workers = Object.entries(
      Object.groupBy(
        rows.filter(({ worker }) => worker !== null),
        ({ worker }) => worker ?? '',
      ),
    );
    expect(seen).toMatchObject({
      rows: ROW_COUNT,
      types: {
        latency: 'BIGINT',
        throughput: 'DOUBLE',
        turn: 'INTEGER',
        cancelled: 'BOOLEAN',
        worker: 'VARCHAR',
        gaps: 'DOUBLE[]',
        // DuckDB before nanosecond zones names its microsecond type.
        start: expect.stringMatching(/^TIMESTAMP(TZ_NS| WITH TIME ZONE)$/) as string,
      },
      workers: workers
        .map(([worker, members]) => [worker, members?.length])
        .toSorted(([a], [b]) => (String(a) < String(b) ? -1 : 1)),
      gaps: rows.reduce((sum, { gaps }) => sum + (gaps?.length ?? 0), 0),
    });
    expectClose(seen['latency'], expectedPercentiles.latency);
    expectClose(seen['throughput'], expectedPercentiles.throughput);
  });
});

describe.skipIf(python === undefined)('what a crash leaves (needs Python 3 with venv)', () => {
  const readStream = `
import json, sys
import pyarrow as pa
rows = 0; error = None
with open(sys.argv[1], "rb") as f:
    f.seek(8)
    reader = pa.ipc.open_stream(f)
    try:
        for batch in reader:
            batch.validate(full=True)
            rows += batch.num_rows
    except (OSError, pa.ArrowInvalid) as caught:
        error = type(caught).__name__
print(json.dumps({"rows": rows, "failed": error is not None, "unit": reader.schema.field("latency").metadata[b"unit"].decode()}))`;

  async function withoutFooter(tailBytes: number): Promise<string> {
    const whole = await readFile(path);
    const lastEnd = whole.lastIndexOf(messages[2] ?? new Uint8Array()) + (messages[2]?.byteLength ?? 0);
    const cut = join(folder, `cut-${tailBytes}.arrow`);
    await writeFile(cut, whole.subarray(0, lastEnd + tailBytes));
    return cut;
  }

  test('pyarrow opens it as a stream after the first 8 bytes', async () => {
    expect(await inPython(readStream, await withoutFooter(0))).toEqual({ rows: ROW_COUNT, failed: false, unit: 'ns' });
    expect(await inPython(readStream, await withoutFooter(-100))).toEqual({ rows: 1000, failed: true, unit: 'ns' });
  });

  test('after recovery every library opens it as a file', async () => {
    const cut = await withoutFooter(-200);
    expect(await recoverArrowFile(cut)).toMatchObject({ wasRepaired: true, rowCount: 1000 });
    const script = `
import json, sys
import duckdb, polars as pl, pyarrow as pa
records = pa.ipc.open_file(sys.argv[1]).read_all()
records.validate(full=True)
frame = pl.read_ipc(sys.argv[1])
print(json.dumps([records.num_rows, frame.height, duckdb.sql("select count(*) from records").fetchall()[0][0]]))`;
    const seen = await inPython(script, cut);
    expect(seen).toEqual([1000, 1000, 1000]);
  });
});
