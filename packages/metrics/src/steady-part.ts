import { computeCurves, type CurveOptions } from './curves/compute-curves.ts';
import type { RecordSink } from '@aiperf/records/file';
import type { SteadyPart } from './summary-checks.ts';

const NS_PER_SEC = 1e9;
/** The load rises and falls at the ends; the law is looked at between these parts of the time. */
const STEADY_FROM = 0.1;
const STEADY_TO = 0.9;

/** Measures the two sides of Little's law over the middle of a stretch of time: the curve on one side, sums over requests on the other. */
export async function measureSteadyPart(
  source: Pick<RecordSink, 'scan'>,
  options: Omit<CurveOptions, 'windows'>,
  startNs: number,
  endNs: number,
): Promise<SteadyPart | undefined> {
  const window = {
    startNs: Math.round(startNs + (endNs - startNs) * STEADY_FROM),
    endNs: Math.round(startNs + (endNs - startNs) * STEADY_TO),
  };
  const lengthNs = window.endNs - window.startNs;
  if (!(lengthNs > 0)) return undefined;
  let ended = 0;
  let inFlightNs = 0;
  let edgeNs = 0;
  await source.scan(['phase_index', 'request_start_offset_ns', 'request_end_offset_ns'], (batch) => {
    const phases = batch.numbers('phase_index');
    const starts = batch.numbers('request_start_offset_ns');
    const ends = batch.numbers('request_end_offset_ns');
    for (let row = 0; row < batch.rowCount; row++) {
      const from = starts[row] ?? Number.NaN;
      const to = ends[row] ?? Number.NaN;
      if (!(to > from) || !options.includes(phases[row] ?? -1)) continue;
      if (to > window.startNs && to <= window.endNs) {
        ended++;
        inFlightNs += to - from;
        edgeNs += Math.max(0, window.startNs - from);
      } else if (to > window.endNs && from < window.endNs) {
        edgeNs += window.endNs - Math.max(from, window.startNs);
      }
    }
  });
  if (ended === 0) return undefined;
  const [curves] = await computeCurves(source, { ...options, windows: [window], concurrencyOnly: true });
  const inFlight = curves?.find(({ tag }) => tag === 'effective_concurrency')?.avg ?? Number.NaN;
  const lengthSec = lengthNs / NS_PER_SEC;
  return {
    inFlight,
    endedPerSec: ended / lengthSec,
    meanSec: inFlightNs / ended / NS_PER_SEC,
    edgeShare: edgeNs / inFlightNs,
  };
}
