import type { MetricResult, TimeSlice } from '@aiperf/metrics';
import { CSV_STATISTICS, csvField } from './csv-summary.ts';
import { metricObjects, otherOrder, rawJson, withFloats } from './json-metrics.ts';
import { twoDecimals } from './number-format.ts';
import { byTag, hasPercentiles, isFinite } from './result-order.ts';

/** Slices of this many are one piece of text: a few MB. */
const SLICES_PER_PIECE = 64;

/**
 * Text of `profile_export_aiperf_timeslices.json` in pieces: ten thousand slices make hundreds of MB, more than one string may hold.
 */
export function* renderSlicesJson(slices: readonly TimeSlice[], inputConfig: object): Generator<string> {
  // What follows the list, and what goes before it, are those of an object without slices.
  const frame = JSON.stringify({ timeslices: [], input_config: withFloats(inputConfig) }, null, 2);
  const at = frame.indexOf('[') + 1;
  yield frame.slice(0, at);
  for (let from = 0; from < slices.length; from += SLICES_PER_PIECE) {
    const piece = slices.slice(from, from + SLICES_PER_PIECE).map((slice) => indented(sliceObject(slice)));
    yield `${from === 0 ? '' : ','}\n${piece.join(',\n')}`;
  }
  yield `${slices.length === 0 ? '' : '\n  '}${frame.slice(at)}`;
}

function sliceObject({ startEpochNs, endEpochNs, isComplete, metrics }: TimeSlice): object {
  return {
    // Exact, where AIPerf's have passed through a double.
    start_ns: rawJson(startEpochNs),
    end_ns: rawJson(endEpochNs),
    is_complete: isComplete ? undefined : false,
    ...metricObjects(otherOrder(metrics)),
  };
}

/** As an element of a list in an object. A line break within a string is escaped, so those that are left are between lines. */
function indented(value: object): string {
  return `    ${JSON.stringify(value, null, 2).replaceAll('\n', '\n    ')}`;
}

/** Text of `profile_export_aiperf_timeslices.csv` in pieces: one line a statistic. Lines end in CRLF. */
export function* renderSlicesCsv(slices: readonly TimeSlice[]): Generator<string> {
  yield 'Timeslice,Start_NS,End_NS,Metric,Unit,Stat,Value\r\n';
  for (let from = 0; from < slices.length; from += SLICES_PER_PIECE) {
    const lines = slices.slice(from, from + SLICES_PER_PIECE).flatMap((slice, index) => csvLines(slice, from + index));
    yield lines.map((line) => `${line}\r\n`).join('');
  }
}

function csvLines({ startEpochNs, endEpochNs, metrics }: TimeSlice, index: number): string[] {
  return byTag(metrics).flatMap((result) => {
    const head = `${index},${startEpochNs},${endEpochNs},${csvField(result.header)},${csvField(result.unit)}`;
    return sliceStatistics(result).map(([statistic, value]) => `${head},${statistic},${twoDecimals(value)}`);
  });
}

function sliceStatistics(result: MetricResult): [statistic: string, value: number][] {
  const statistics = hasPercentiles(result) ? CSV_STATISTICS : (['avg'] as const);
  return statistics.flatMap((statistic) => {
    const value = result[statistic];
    return isFinite(value) ? [[statistic, value] as [string, number]] : [];
  });
}
