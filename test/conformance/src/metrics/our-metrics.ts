import { join } from 'node:path';
import { arrowRecordSink, type RecordSink } from '@aiperf/records/file';
import { createMetricSet, METRIC_DEFINITIONS, type Metric, type MetricResult, type TimeSlice } from '@aiperf/metrics';
import { analyzeRecords } from '@aiperf/metrics/analysis';
import { countMedia, createRecordSchema, RecordProcessor, type TokenCounter } from '@aiperf/metrics/service';
import { createRawBatchDecoder, RawBatchWriter } from '@aiperf/records';
import { endpointOf } from '@aiperf/endpoints';
import type { RecordedRow } from './recording.ts';
import type { MetricsView } from './views.ts';

/** What one side says of one request; values in native units. */
export interface RowMetrics {
  readonly outcome: 'valid' | 'failed' | 'neither';
  readonly values: ReadonlyMap<string, number | readonly number[]>;
}

/** What one side says of a view. */
export interface ViewMetrics {
  /** By the request's place in the recording. */
  readonly rows: ReadonlyMap<number, RowMetrics>;
  readonly summary: readonly MetricResult[];
  readonly slices: readonly Omit<TimeSlice, 'startEpochNs' | 'endEpochNs'>[];
  /** Contradictions that the analysis found. */
  readonly violations: readonly string[];
}

const ROWS_PER_BATCH = 500;

/** Computes a view with the code of the product: raw batches, record processor, record file, analysis. */
export async function computeOurs(
  view: MetricsView,
  rows: readonly RecordedRow[],
  tokens: TokenCounter,
  directory: string,
): Promise<ViewMetrics> {
  const metrics = createMetricSet(view.mode, METRIC_DEFINITIONS.map(shown));
  const schema = createRecordSchema(metrics);
  const sink = await arrowRecordSink(join(directory, `${view.name}.arrow`))(schema);
  const processor = new RecordProcessor({
    recordProcessorId: 'record_processor',
    metrics,
    parser: endpointOf('chat').createParser(),
    ...(view.mode.countsOnClient ? { tokens } : {}),
    names: { requestId: (_phase, id) => String(id), correlationId: (_phase, id) => String(id), conversationId: String },
    mediaOf: (conversation) => countMedia(Buffer.from(rows[conversation]?.script.body ?? '')),
    phaseKind: () => 'profiling',
    originEpochNs: 0n,
  });
  const decode = await createRawBatchDecoder();
  const writer = new RawBatchWriter('worker');
  const arrived = { rows: 0, errors: 0, cancelled: 0 };
  const flush = async (): Promise<void> => {
    if (writer.rowCount === 0) return;
    const raw = decode(writer.take());
    for (let row = 0; row < raw.rowCount;) row = processor.processGroup(raw, row);
    const batch = processor.take();
    if (batch === undefined) return;
    for (const { rows: count, errors, cancelled } of Object.values(batch.header.phases)) {
      arrived.rows += count;
      arrived.errors += errors;
      arrived.cancelled += cancelled;
    }
    await sink.append(batch.message);
  };
  for (const [index, { record, scheduledMs, ...row }] of rows.entries()) {
    if (!view.includes({ record, scheduledMs, ...row })) continue;
    const due = view.mode.fixedSchedule ? { dueNs: scheduledMs * 1e6, turnaroundNs: Number.NaN } : {};
    writer.append(Object.assign(record.copy(), due, { sessionNumber: index, conversationIndex: index }));
    if (writer.rowCount >= ROWS_PER_BATCH) await flush();
  }
  await flush();
  const analysis = await analyzeRecords(sink, {
    metrics,
    phases: [{ index: 0, kind: 'profiling', startNs: Number.NaN, arrived }],
    ...(view.sliceDurationSec === undefined ? {} : { sliceDurationSec: view.sliceDurationSec }),
    measured: new Map(view.rttNs === undefined ? [] : [['network_rtt', [view.rttNs]]]),
    epochNs: String,
    warn: (message) => console.log(message),
  });
  const result: ViewMetrics = {
    rows: await readRows(
      sink,
      metrics.record.map(({ tag }) => tag),
      metrics.recordLists.map(({ tag }) => tag),
    ),
    summary: analysis.profiling,
    slices: analysis.timeSlices ?? [],
    violations: analysis.violations.map(({ rule, count, example }) => `${rule} (${count}): ${example}`),
  };
  await sink.finish(new Map());
  return result;
}

/** Hidden metrics are compared too. */
function shown(metric: Metric): Metric {
  return { ...metric, flags: metric.flags.filter((flag) => flag !== 'internal' && flag !== 'experimental') };
}

async function readRows(
  sink: RecordSink,
  tags: readonly string[],
  listTags: readonly string[],
): Promise<ReadonlyMap<number, RowMetrics>> {
  const rows = new Map<number, RowMetrics>();
  await sink.scan(['session_num', 'valid', 'was_cancelled', ...tags, ...listTags], (batch) => {
    const numbers = tags.map((tag) => [tag, batch.numbers(tag)] as const);
    const lists = listTags.map((tag) => [tag, batch.list(tag)] as const);
    const ids = batch.numbers('session_num');
    const valid = batch.numbers('valid');
    const cancelled = batch.numbers('was_cancelled');
    for (let row = 0; row < batch.rowCount; row += 1) {
      const values = new Map<string, number | readonly number[]>();
      for (const [tag, column] of numbers) {
        const value = column[row] ?? Number.NaN;
        if (!Number.isNaN(value)) values.set(tag, value);
      }
      for (const [tag, { offsets, values: items }] of lists) {
        const list = [...items.subarray(offsets[row], offsets[row + 1])];
        if (list.length > 0) values.set(tag, list);
      }
      const outcome = valid[row] === 1 ? 'valid' : cancelled[row] === 1 ? 'neither' : 'failed';
      rows.set(ids[row] ?? -1, { outcome, values });
    }
  });
  return rows;
}
