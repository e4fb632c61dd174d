import type { AskedPhase } from './run-config.ts';
import type { BatchTimes } from './batch-times.ts';
import { createCollector, type ColumnCollector } from './column-summary.ts';
import { EventHistogram } from './curves/event-histogram.ts';
import type { LoadReport } from './metric-definition.ts';
import type { RecordSink } from '@aiperf/records/file';
import { ksCriticalValue, UniformDistance } from './stats/uniform-distance.ts';
import type { PhaseSurvey } from './survey-rows.ts';

const NS_PER_MS = 1e6;
const NS_PER_SEC = 1e9;
/** What a phase's requests are meant to come like. */
export interface LoadLaw {
  /** Requests that are expected until a moment since the phase began. */
  readonly countAt: (timeSec: number) => number;
  /**
   * Share of the intended intervals, in expected requests, that are shorter; absent for an even rate, whose intervals all have length 1: there
   * the times themselves are held against an even spread.
   */
  readonly shareBelow?: (interval: number) => number;
}

/** The law of a phase; `undefined` where there is none, or where it cannot be known without a seed. */
export type LoadLawOf = (phase: AskedPhase, randomSeed: number | undefined) => LoadLaw | undefined;

/** Sent times that are sorted at once, 32 MB. */
const SORTED_MAX = 2 ** 22;
/** Memory for send lags. */
const LAG_BUDGET_BYTES = 64 * 1024 * 1024;
/** The sent requests may take this much longer or shorter than their due times before the rate counts as missed. */
const RATE_TOLERANCE = 0.01;

/** What the timing manager says of a phase, and what was asked for. */
export interface PhaseLoad {
  readonly index: number;
  readonly config: AskedPhase;
  /** Run time at which the phase's schedule begins; NaN when unknown. */
  readonly startNs: number;
  readonly counts: Pick<LoadReport, 'sent' | 'completed' | 'failed' | 'cancelled' | 'lost' | 'neverSent' | 'sessions'>;
  readonly law: LoadLaw | undefined;
  readonly survey: Readonly<PhaseSurvey>;
}

/** Holds what was delivered in a phase against what was asked for. */
export async function reportLoad(
  source: Pick<RecordSink, 'scan'>,
  phase: PhaseLoad,
  batchTimes: BatchTimes,
): Promise<LoadReport> {
  const { config, survey, counts } = phase;
  const lags = createCollector(survey.sentDue, LAG_BUDGET_BYTES);
  do {
    await source.scan(['phase_index', ...SENT_COLUMNS, 'due_offset_ns'], (batch) => {
      visitSent(batch, phase.index, (sentNs, dueNs) => {
        if (!Number.isNaN(dueNs)) lags.add(sentNs - dueNs);
      });
    });
    lags.endPass();
  } while (!lags.isDone);
  const intervals = await measureIntervals(source, phase, batchTimes);
  const askedRatePerSec = askedRateOf(phase);
  const spanNs = survey.lastEndNs - survey.firstStartNs;
  const report = {
    phase: config.name,
    mode: config.mode,
    ...counts,
    ...(askedRatePerSec === undefined ? {} : { askedRatePerSec }),
    ...(intervals === undefined
      ? {}
      : { achievedRatePerSec: NS_PER_SEC / intervals.meanNs, interArrival: interArrivalOf(intervals) }),
    ...(spanNs > 0
      ? { requestSpanSec: spanNs / NS_PER_SEC, goodRatePerSec: survey.valid / (spanNs / NS_PER_SEC) }
      : {}),
    ...lagsOf(lags),
  };
  return { ...report, ...verdictOf(report, phase, intervals) };
}

const SENT_COLUMNS = ['request_start_offset_ns', 'resend_ns'] as const;

interface Batch {
  readonly rowCount: number;
  numbers(name: string): Float64Array;
}

/** Sent and due time of every request of a phase that was sent. */
function visitSent(batch: Batch, phaseIndex: number, visit: (sentNs: number, dueNs: number) => void): void {
  const phases = batch.numbers('phase_index');
  const starts = batch.numbers('request_start_offset_ns');
  const resends = batch.numbers('resend_ns');
  const dues = batch.numbers('due_offset_ns');
  for (let row = 0; row < batch.rowCount; row++) {
    const sentNs = (starts[row] ?? Number.NaN) - (resends[row] ?? 0);
    if (phases[row] === phaseIndex && !Number.isNaN(sentNs)) visit(sentNs, dues[row] ?? Number.NaN);
  }
}

interface Intervals {
  readonly count: number;
  readonly meanNs: number;
  readonly coefficientOfVariation: number;
  readonly ksDistance: number;
}

/** Distances between the sent times in their order, sorted block by block of time so that memory stays bounded. */
async function measureIntervals(
  source: Pick<RecordSink, 'scan'>,
  { index, startNs, law, survey }: PhaseLoad,
  batchTimes: BatchTimes,
): Promise<Intervals | undefined> {
  if (survey.started < 2) return undefined;
  const columns = ['phase_index', ...SENT_COLUMNS, 'due_offset_ns'];
  const endNs = survey.lastEndNs + 1;
  const histogram = new EventHistogram(survey.firstStartNs, endNs);
  if (survey.started > SORTED_MAX) {
    await source.scan(columns, (batch) => visitSent(batch, index, (sentNs) => histogram.add(sentNs)));
  }
  const distance = new UniformDistance();
  const originNs = originOf(startNs, survey);
  const positionOf = (timeNs: number): number => law?.countAt((timeNs - originNs) / NS_PER_SEC) ?? Number.NaN;
  // With an even rate the schedule says that as many requests have come by any moment as it expects.
  const firstPosition = positionOf(survey.firstDueNs);
  let previousNs = Number.NaN;
  let count = 0;
  let meanNs = 0;
  let squares = 0;
  const visit = (sentNs: number): void => {
    if (law !== undefined && law.shareBelow === undefined) {
      distance.add((positionOf(sentNs) - firstPosition) / survey.started);
    }
    if (!Number.isNaN(previousNs)) {
      const intervalNs = sentNs - previousNs;
      count++;
      const difference = intervalNs - meanNs;
      meanNs += difference / count;
      squares += difference * (intervalNs - meanNs);
      if (law?.shareBelow !== undefined) distance.add(law.shareBelow(positionOf(sentNs) - positionOf(previousNs)));
    }
    previousNs = sentNs;
  };
  for (const block of histogram.cut(survey.firstStartNs, endNs, SORTED_MAX, Number.POSITIVE_INFINITY)) {
    const sent: number[] = [];
    await source.scan(
      columns,
      (batch) => {
        visitSent(batch, index, (sentNs) => {
          if (sentNs >= block.startNs && sentNs < block.endNs) sent.push(sentNs);
        });
      },
      (number) => batchTimes.overlaps(number, block.startNs, block.endNs),
    );
    for (const sentNs of Float64Array.from(sent).sort()) visit(sentNs);
  }
  return {
    count,
    meanNs,
    coefficientOfVariation: meanNs === 0 ? 0 : Math.sqrt(squares / count) / meanNs,
    ksDistance: law === undefined ? Number.NaN : distance.distance(),
  };
}

function interArrivalOf(intervals: Intervals): NonNullable<LoadReport['interArrival']> {
  const { count, meanNs, coefficientOfVariation, ksDistance } = intervals;
  const law = Number.isNaN(ksDistance) ? {} : { ksDistance, ksCritical: ksCriticalValue(count) };
  return { meanMs: meanNs / NS_PER_MS, coefficientOfVariation, ...law };
}

function lagsOf(lags: ColumnCollector): Pick<LoadReport, 'sendLagMs'> {
  const summary = lags.result();
  if (summary === undefined) return {};
  const { p50, p99, max } = summary;
  return { sendLagMs: { p50: p50 / NS_PER_MS, p99: p99 / NS_PER_MS, max: max / NS_PER_MS } };
}

/** Mean rate that the configuration asks for over the time in which requests were due. */
function askedRateOf({ config, startNs, law, survey }: PhaseLoad): number | undefined {
  switch (config.mode) {
    case 'concurrency':
      return undefined;
    case 'fixed_schedule':
      return dueRateOf(survey);
    case 'user_centric':
      return config.requestRatePerSec;
    case 'request_rate': {
      if (config.arrivalPattern === 'concurrency_burst') return undefined;
      const isSteady = config.requestRateRamp === undefined && config.requestRateSeries === undefined;
      if (isSteady) return config.requestRatePerSec;
      const lengthSec = (survey.lastDueNs - originOf(startNs, survey)) / NS_PER_SEC;
      return law !== undefined && lengthSec > 0 ? law.countAt(lengthSec) / lengthSec : undefined;
    }
  }
}

/** When the phase's schedule began; where that was not reported, its first due time comes closest. */
function originOf(startNs: number, { firstDueNs }: Readonly<PhaseSurvey>): number {
  return Number.isFinite(startNs) ? startNs : firstDueNs;
}

/** Rate of the due times themselves, which for random arrivals is not just the one asked for. */
function dueRateOf({ due, firstDueNs, lastDueNs }: Readonly<PhaseSurvey>): number | undefined {
  return due > 1 && lastDueNs > firstDueNs ? ((due - 1) * NS_PER_SEC) / (lastDueNs - firstDueNs) : undefined;
}

function verdictOf(
  report: Pick<LoadReport, 'achievedRatePerSec' | 'sendLagMs' | 'neverSent' | 'sent' | 'lost'>,
  { config, survey }: PhaseLoad,
  intervals: Intervals | undefined,
): Pick<LoadReport, 'verdict' | 'reason'> {
  const isBurst = config.mode === 'request_rate' && config.arrivalPattern === 'concurrency_burst';
  if (config.mode === 'concurrency' || isBurst) return { verdict: 'not_applicable' };
  const reasons: string[] = [];
  const limitMs = config.sendLagLimitMs;
  const p99Ms = report.sendLagMs?.p99;
  if (limitMs !== undefined && p99Ms !== undefined && p99Ms > limitMs) {
    reasons.push(`the p99 of the send lag is ${rounded(p99Ms)} ms, above the limit of ${limitMs} ms`);
  }
  if (report.neverSent > 0) reasons.push(`${report.neverSent} requests were due and never sent`);
  if (report.sent > 0 && survey.rows === 0) {
    reasons.push(`${report.sent} requests left no record of when they were sent`);
  }
  const droppedCount = droppedTurnsOf(report, config, survey);
  if (droppedCount > 0) {
    reasons.push(`${droppedCount} turns of users were dropped, whose conversations had ended with a failed request`);
  }
  // Of the same requests on both sides: some of those that were due may not have got as far as a connection.
  const { sentDue, firstSentDueNs, lastSentDueNs } = survey;
  const dueSpanNs = lastSentDueNs - firstSentDueNs;
  if (sentDue > 1 && dueSpanNs > 0 && intervals !== undefined) {
    const sentSpanNs = intervals.meanNs * intervals.count;
    const slackNs = Math.abs(sentSpanNs - dueSpanNs);
    // In a short run a request that is late by less than the limit moves the rate by far more than the tolerance.
    if (slackNs > RATE_TOLERANCE * dueSpanNs && slackNs > (limitMs ?? 0) * NS_PER_MS) {
      const [achieved, due] = [sentSpanNs, dueSpanNs].map((spanNs) => rounded(((sentDue - 1) * NS_PER_SEC) / spanNs));
      reasons.push(`requests were sent at ${achieved} per second, and due at ${due} per second`);
    }
  }
  return reasons.length === 0 ? { verdict: 'on_schedule' } : { verdict: 'degraded', reason: reasons.join('; ') };
}

/**
 * Users have a turn every 1 / rate seconds between them; a conversation that breaks off leaves a hole until the next one takes its place.
 * With a number of conversations, the holes that come when no more begin are what was asked for.
 */
function droppedTurnsOf(
  { neverSent, lost }: Pick<LoadReport, 'neverSent' | 'lost'>,
  { mode, requestRatePerSec, sessionCount }: AskedPhase,
  { due, firstDueNs, lastDueNs }: Readonly<PhaseSurvey>,
): number {
  if (mode !== 'user_centric' || requestRatePerSec === undefined || sessionCount !== undefined || due < 2) return 0;
  const turnCount = Math.round(((lastDueNs - firstDueNs) * requestRatePerSec) / NS_PER_SEC) + 1;
  const droppedCount = turnCount - due - neverSent - lost;
  return droppedCount > RATE_TOLERANCE * turnCount ? droppedCount : 0;
}

function rounded(value: number): string {
  return value.toPrecision(4).replace(/\.?0+$/u, '');
}
