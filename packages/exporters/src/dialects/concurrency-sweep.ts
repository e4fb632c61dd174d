import type { DialectRequest, DialectRequests } from './dialect-requests.ts';

/** Time from and until which a request counts as in flight; `undefined`: it does not count. */
export type IntervalOf = (request: DialectRequest) => { readonly startNs: number; readonly endNs: number } | undefined;

/** Events that are sorted at once, about. */
const BLOCK_EVENTS = 4_000_000;
const BIN_COUNT = 65_536;

/**
 * Visits the beginnings (+1) and ends (-1) of all intervals in the order of time, ends before beginnings of the same moment. Memory is
 * bounded: a first scan counts events by bins of time, then every block of bins with about `blockEvents` events is sorted for itself.
 */
export async function sweepIntervals(
  requests: DialectRequests,
  intervalOf: IntervalOf,
  step: (timeNs: number, change: 1 | -1) => void,
  blockEvents: number = BLOCK_EVENTS,
): Promise<void> {
  let firstNs = Number.POSITIVE_INFINITY;
  let lastNs = Number.NEGATIVE_INFINITY;
  const visitIntervals = (visit: (startNs: number, endNs: number) => void): Promise<void> =>
    requests.visit((request) => {
      const interval = intervalOf(request);
      // Written so that times that are not known are left out.
      if (interval !== undefined && interval.endNs >= interval.startNs) visit(interval.startNs, interval.endNs);
    });
  await visitIntervals((startNs, endNs) => {
    if (startNs < firstNs) firstNs = startNs;
    if (endNs > lastNs) lastNs = endNs;
  });
  if (firstNs > lastNs) return;
  const binNs = Math.max(1, (lastNs - firstNs) / (BIN_COUNT - 1));
  const binOf = (timeNs: number): number => Math.floor((timeNs - firstNs) / binNs);
  const starts = new Float64Array(BIN_COUNT);
  const ends = new Float64Array(BIN_COUNT);
  await visitIntervals((startNs, endNs) => {
    const [from, to] = [binOf(startNs), binOf(endNs)];
    starts[from] = (starts[from] ?? 0) + 1;
    ends[to] = (ends[to] ?? 0) + 1;
  });
  for (const block of cutBlocks(starts, ends, blockEvents)) {
    const blockStarts = new Float64Array(block.startCount);
    const blockEnds = new Float64Array(block.endCount);
    let [startCount, endCount] = [0, 0];
    const isInside = (bin: number): boolean => bin >= block.from && bin < block.to;
    await visitIntervals((startNs, endNs) => {
      if (isInside(binOf(startNs))) blockStarts[startCount++] = startNs;
      if (isInside(binOf(endNs))) blockEnds[endCount++] = endNs;
    });
    merge(blockStarts.sort(), blockEnds.sort(), step);
  }
}

interface Block {
  readonly from: number;
  readonly to: number;
  readonly startCount: number;
  readonly endCount: number;
}

/** Runs of bins with no more events than wanted, unless one bin alone has more. */
function* cutBlocks(starts: Float64Array, ends: Float64Array, blockEvents: number): Generator<Block> {
  let [from, startCount, endCount] = [0, 0, 0];
  for (let bin = 0; bin < BIN_COUNT; bin++) {
    const [binStarts, binEnds] = [starts[bin] ?? 0, ends[bin] ?? 0];
    const isOver = startCount + endCount + binStarts + binEnds > blockEvents;
    if (isOver && startCount + endCount > 0) {
      yield { from, to: bin, startCount, endCount };
      [from, startCount, endCount] = [bin, 0, 0];
    }
    startCount += binStarts;
    endCount += binEnds;
  }
  yield { from, to: BIN_COUNT, startCount, endCount };
}

function merge(starts: Float64Array, ends: Float64Array, step: (timeNs: number, change: 1 | -1) => void): void {
  let ended = 0;
  for (const startNs of starts) {
    for (; ended < ends.length && (ends[ended] ?? 0) <= startNs; ended++) step(ends[ended] ?? 0, -1);
    step(startNs, 1);
  }
  for (; ended < ends.length; ended++) step(ends[ended] ?? 0, -1);
}
