import { arrowRecordSink, openArrowFile, RecordBatchBuilder } from '@aiperf/records/file';
import { CHAT_MODE, createMetricSet, type MetricSet } from '@aiperf/metrics';
import { analyzeRecords } from '@aiperf/metrics/analysis';
import { createRecordSchema } from '@aiperf/metrics/service';
import type { SummaryResult } from './summary-result.ts';

/**
 * Own process of the `summary` program. `write FILE ROWS GAPS` makes a record file of a closed loop with 256 slots, each answer with that many
 * gaps between chunks; `analyze FILE ROWS SLICES` computes all results from it, with about that many time slices, and prints what it took.
 */
const [mode = '', path = '', ...numbers] = process.argv.slice(2);
const [rowCount = 0, third = 0] = numbers.map(Number);

const SLOTS = 256;
const BATCH_ROWS = 4096;
const MEAN_LATENCY_MS = 100;

/** Pseudo-random numbers in 0..1, the same every time. */
function createUniform(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

async function write(metrics: MetricSet, gapCount: number): Promise<void> {
  const schema = createRecordSchema(metrics);
  const sink = await arrowRecordSink(path)(schema);
  const builder = new RecordBatchBuilder(schema, 1_795_333_439_000_000_000n);
  const set = writerOf(builder, metrics);
  const gaps = builder.listColumn('inter_chunk_latency');
  const uniform = createUniform();
  const freeNs = new Float64Array(SLOTS);
  for (let row = 0; row < rowCount; row += 1) {
    const slot = row % SLOTS;
    const startNs = (freeNs[slot] ?? 0) + 50_000;
    const index = builder.rowCount;
    const ttftNs = Math.round(MEAN_LATENCY_MS * 2e5 * (0.5 + uniform()));
    let latencyNs = ttftNs;
    for (let gap = 0; gap < gapCount; gap += 1) {
      const gapNs = Math.round(((MEAN_LATENCY_MS * 8e5) / gapCount) * (0.5 + uniform()));
      gaps.append(gapNs);
      latencyNs += gapNs;
    }
    gaps.endRow(index);
    const endNs = startNs + latencyNs + 20_000;
    freeNs[slot] = endNs;
    const isValid = uniform() > 0.001;
    builder.boolColumn('valid').set(index, isValid);
    builder.textColumn('x_request_id').set(index, `00000000-0000-4000-8000-${row.toString().padStart(12, '0')}`);
    set(index, {
      session_num: row,
      phase_index: 0,
      turn_index: 0,
      resend_ns: 0,
      request_start_offset_ns: startNs,
      request_end_offset_ns: endNs,
      effective_latency: endNs - startNs + 50_000,
      slot_turnaround: 50_000,
      ...(isValid
        ? {
            request_latency: latencyNs,
            time_to_first_token: ttftNs,
            decode_duration: latencyNs - ttftNs,
            inter_token_latency: (latencyNs - ttftNs) / Math.max(1, gapCount),
            input_sequence_length: 64 + (row % 17),
            output_sequence_length: gapCount + 1,
            output_token_count: gapCount + 1,
          }
        : { error_isl: 64 }),
    });
    builder.endRow();
    if (builder.rowCount === BATCH_ROWS) await sink.append(builder.take());
  }
  if (builder.rowCount > 0) await sink.append(builder.take());
  await sink.finish(new Map());
}

/** Sets named columns of a row; every other record metric gets a number of the size of a latency. */
function writerOf(
  builder: RecordBatchBuilder,
  metrics: MetricSet,
): (row: number, values: Readonly<Record<string, number>>) => void {
  const names = [
    'session_num',
    'phase_index',
    'turn_index',
    'resend_ns',
    'request_start_offset_ns',
    'request_end_offset_ns',
  ];
  const columns = [...names, ...metrics.record.map(({ tag }) => tag)].map((name) => ({
    name,
    writer: builder.numberColumn(name),
    isFilled: name.startsWith('http_req_') || name.startsWith('usage_'),
  }));
  return (row, values) => {
    for (const { name, writer, isFilled } of columns) {
      const value = values[name] ?? (isFilled ? (row * 7919) % 1_000_003 : Number.NaN);
      writer.set(row, value);
    }
  };
}

async function analyze(metrics: MetricSet, sliceCount: number): Promise<SummaryResult> {
  await using source = await openArrowFile(path);
  const start = performance.now();
  const spanSec = ((rowCount / SLOTS) * MEAN_LATENCY_MS) / 1000;
  const { profiling, timeSlices, violations } = await analyzeRecords(source, {
    metrics,
    phases: [{ index: 0, kind: 'profiling', startNs: 0, arrived: { rows: 0, errors: 0, cancelled: 0 } }],
    ...(sliceCount > 0 ? { sliceDurationSec: spanSec / sliceCount } : {}),
    epochNs: String,
    warn: (message) => process.stderr.write(`${message}\n`),
  });
  return {
    durationSec: (performance.now() - start) / 1000,
    maxRssBytes: process.resourceUsage().maxRSS * 1024,
    metricCount: profiling.length,
    sliceCount: timeSlices?.length ?? 0,
    // The counts of an arrived phase are not given, so one rule always has something to say.
    violations: violations.filter(({ rule }) => rule !== 'rows_not_as_counted').map(({ rule }) => rule),
  };
}

const metrics = createMetricSet(CHAT_MODE);
if (mode === 'write') await write(metrics, third);
else process.stdout.write(`${JSON.stringify(await analyze(metrics, third))}\n`);
