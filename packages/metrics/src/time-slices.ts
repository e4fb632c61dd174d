import type { TimeWindow } from './curves/event-block.ts';
import type { MetricSet } from './metric-set.ts';
import type { RecordSink } from '@aiperf/records/file';
import { NO_GROUP, type RowGroups } from './row-groups.ts';

/** More slices than this would not fit into a message, and nobody could look at them. */
export const SLICES_MAX = 10_000;

/** Anchored to the whole run, so that a slice has nothing to say about them. */
const RUN_ANCHORED = /^(effective_latency|credit_to_start_latency|replay_.*)$/u;

/** A window of time in which at least one request started. */
export interface SliceWindow extends TimeWindow {
  /** False for the last window of the run, where it is shorter than the others. */
  readonly isComplete: boolean;
}

/** Where the slices of a run lie. */
export interface SlicePlan {
  readonly windows: readonly SliceWindow[];
  readonly groups: RowGroups;
}

/** What slices are made from. */
export interface SliceOptions {
  readonly sliceNs: number;
  /** Whether the requests of a phase take part. */
  readonly includes: (phaseIndex: number) => boolean;
  /** First start and last end of these requests. */
  readonly startNs: number;
  readonly endNs: number;
}

/**
 * Cuts the run into windows from the first request's start on. A request belongs to the window in which it starts; windows in which none
 * does are left out; the last window of the run ends with the last response. `undefined` for more than {@link SLICES_MAX}.
 */
export async function planSlices(
  source: Pick<RecordSink, 'scan'>,
  { sliceNs, includes, startNs, endNs }: SliceOptions,
): Promise<SlicePlan | undefined> {
  const numberOf = (phase: number, requestStartNs: number): number =>
    includes(phase) && requestStartNs >= startNs ? Math.floor((requestStartNs - startNs) / sliceNs) : NO_GROUP;
  const found = new Set<number>();
  await source.scan(['phase_index', 'request_start_offset_ns'], (batch) => {
    const phases = batch.numbers('phase_index');
    const starts = batch.numbers('request_start_offset_ns');
    for (let row = 0; row < batch.rowCount; row++) {
      const number = numberOf(phases[row] ?? -1, starts[row] ?? Number.NaN);
      if (number !== NO_GROUP && found.size <= SLICES_MAX) found.add(number);
    }
  });
  if (found.size > SLICES_MAX) return undefined;
  const numbers = [...found].sort((a, b) => a - b);
  const groupOf = new Map(numbers.map((number, group) => [number, group]));
  const windows = numbers.map((number) => {
    const fromNs = Math.round(startNs + number * sliceNs);
    const fullEndNs = Math.round(startNs + (number + 1) * sliceNs);
    return { startNs: fromNs, endNs: Math.max(fromNs + 1, Math.min(fullEndNs, endNs)), isComplete: fullEndNs <= endNs };
  });
  const columns = ['phase_index', 'request_start_offset_ns'];
  const groupsOf: RowGroups['groupsOf'] = (batch) => {
    const starts = batch.numbers('request_start_offset_ns');
    return Int32Array.from(
      batch.numbers('phase_index'),
      (phase, row) => groupOf.get(numberOf(phase, starts[row] ?? Number.NaN)) ?? NO_GROUP,
    );
  };
  return { windows, groups: { groupCount: windows.length, columns, groupsOf } };
}

/** The metrics that slices have. */
export function sliceMetrics(metrics: MetricSet): MetricSet {
  const isSliced = ({ tag }: { readonly tag: string }): boolean => !RUN_ANCHORED.test(tag);
  return {
    ...metrics,
    record: metrics.record.filter(isSliced),
    derived: metrics.derived.filter(isSliced),
  };
}
