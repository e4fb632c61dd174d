import type { MetricResult, TimeSlice } from '@aiperf/metrics';
import { CSV_STATISTICS, csvField } from './csv-summary.ts';
import { metricObjects, otherOrder, rawJson, withFloats } from './json-metrics.ts';
import { twoDecimals } from './number-format.ts';
import { byTag, hasPercentiles, isFinite } from './result-order.ts';

/** Text of `profile_export_aiperf_timeslices.json`. */
export function renderSlicesJson(slices: readonly TimeSlice[], inputConfig: object): string {
  const timeslices = slices.map(({ startEpochNs, endEpochNs, isComplete, metrics }) => ({
    // Exact, where AIPerf's have passed through a double.
    start_ns: rawJson(startEpochNs),
    end_ns: rawJson(endEpochNs),
    is_complete: isComplete ? undefined : false,
    ...metricObjects(otherOrder(metrics)),
  }));
  return JSON.stringify({ timeslices, input_config: withFloats(inputConfig) }, null, 2);
}

/** Text of `profile_export_aiperf_timeslices.csv`: one line a statistic. Lines end in CRLF. */
export function renderSlicesCsv(slices: readonly TimeSlice[]): string {
  const lines = ['Timeslice,Start_NS,End_NS,Metric,Unit,Stat,Value'];
  for (const [index, { startEpochNs, endEpochNs, metrics }] of slices.entries()) {
    for (const result of byTag(metrics)) {
      const head = `${index},${startEpochNs},${endEpochNs},${csvField(result.header)},${csvField(result.unit)}`;
      for (const [statistic, value] of sliceStatistics(result))
        lines.push(`${head},${statistic},${twoDecimals(value)}`);
    }
  }
  lines.push('');
  return lines.join('\r\n');
}

function sliceStatistics(result: MetricResult): [statistic: string, value: number][] {
  const statistics = hasPercentiles(result) ? CSV_STATISTICS : (['avg'] as const);
  return statistics.flatMap((statistic) => {
    const value = result[statistic];
    return isFinite(value) ? [[statistic, value] as [string, number]] : [];
  });
}
