import type { Checks } from './checks.ts';
import { parseLines, type ServerStamps, type ToolRun } from './run-tool.ts';
import type { Scenario } from './scenario.ts';

/** Added by client, kernel and network to what the server did, in milliseconds; of one tool. */
export interface TimeError {
  readonly measure: string;
  readonly tool: 'theirs' | 'ours';
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

interface Measure {
  readonly tag: string;
  /** What the server says this time was. */
  readonly serverNs: (stamps: ServerStamps) => number;
  /** Our median error may be this large: what a small load on busy cores adds, not a budget of accuracy. */
  readonly limitMs: number;
}

const firstNs = ({ tokenWriteNs, endNs }: ServerStamps): number => tokenWriteNs[0] ?? endNs;
const lastNs = ({ tokenWriteNs, endNs }: ServerStamps): number => tokenWriteNs.at(-1) ?? endNs;

const STREAMING: readonly Measure[] = [
  { tag: 'time_to_first_token', serverNs: (stamps) => firstNs(stamps) - stamps.receivedNs, limitMs: 3 },
  { tag: 'request_latency', serverNs: (stamps) => lastNs(stamps) - stamps.receivedNs, limitMs: 3 },
  {
    tag: 'inter_token_latency',
    serverNs: (stamps) => (lastNs(stamps) - firstNs(stamps)) / (stamps.outputTokens - 1),
    limitMs: 0.3,
  },
];
const WHOLE: readonly Measure[] = [
  { tag: 'request_latency', serverNs: (stamps) => lastNs(stamps) - stamps.receivedNs, limitMs: 3 },
];

/** Ours may be this much further from the server than theirs before it counts; neighbours on the machine do that much. */
const NOISE_MS = 0.5;
/** In a closed loop a credit is used as soon as its slot is free, however early it was handed out. */
const CREDIT_LIMIT_MS = 2;
/** The run as reported, from the first start to the last token, against the server's: from the first arrival to the last write. */
const SPAN_LIMIT_SEC = 0.02;
/** The first and the last of a few requests may be some milliseconds early or late. */
const RATE_TOLERANCE_RATIO = 0.01;

/** Holds both tools' times against the server's own stamps of the same requests, and against each other within those errors. */
export function compareTimes(
  checks: Checks,
  theirs: ToolRun,
  ours: ToolRun,
  { streaming, requestRatePerSec }: Scenario,
): TimeError[] {
  const errors: TimeError[] = [];
  const summaries = [theirs, ours].map((run) => JSON.parse(run.text('profile_export_aiperf.json')) as Summary);
  for (const { tag, serverNs, limitMs } of streaming ? STREAMING : WHOLE) {
    const [their, our] = [theirs, ours].map((run) => measure(run, tag, serverNs));
    if (their === undefined || our === undefined) continue;
    const [theirError, ourError] = [timeError(tag, 'theirs', their), timeError(tag, 'ours', our)];
    errors.push(theirError, ourError);
    checks.holds(
      `time/${tag}/requests-known-to-server`,
      our.errorsMs.length === our.records,
      our.records,
      our.errorsMs.length,
    );
    checks.holds(
      `time/${tag}/median-error`,
      Math.abs(ourError.p50Ms) <= limitMs,
      `at most ${limitMs} ms`,
      ourError.p50Ms,
    );
    checks.holds(
      `time/${tag}/not-worse`,
      Math.abs(ourError.p50Ms) <= Math.abs(theirError.p50Ms) + NOISE_MS,
      theirError.p50Ms,
      ourError.p50Ms,
    );
    for (const statistic of ['avg', 'p50'] as const) {
      const reported = summaries.map((summary) => summary[tag]?.[statistic] ?? Number.NaN);
      const [theirMs = Number.NaN, ourMs = Number.NaN] = reported;
      // Each may be off by its own error, and the two servers were not equally late.
      const allowedMs =
        theirError.maxMs +
        ourError.maxMs +
        Math.abs(statisticOf(their.serverMs, statistic) - statisticOf(our.serverMs, statistic));
      checks.holds(`time/${tag}/agrees-in-${statistic}`, Math.abs(theirMs - ourMs) <= allowedMs, theirMs, ourMs);
    }
  }
  const [their, our] = [theirs, ours].map(profiledSpanSec);
  const [theirSec = Number.NaN, ourSec = Number.NaN] = summaries.map((summary) => summary['benchmark_duration']?.avg);
  // In a closed loop the duration is the tool's own: it contains the turnaround that the tool adds.
  checks.holds(
    'time/benchmark_duration',
    Math.abs(ourSec - (our ?? Number.NaN)) <= SPAN_LIMIT_SEC,
    `${theirSec} s, server ${their} s`,
    `${ourSec} s, server ${our} s`,
  );
  if (requestRatePerSec === undefined) {
    const [theirMs = Number.NaN, ourMs = Number.NaN] = summaries.map(
      (summary) => summary['credit_to_start_latency']?.p50,
    );
    checks.holds('time/credit_to_start_latency', ourMs <= Math.max(theirMs, CREDIT_LIMIT_MS), theirMs, ourMs);
  }
  if (requestRatePerSec !== undefined) {
    const rates = [theirs, ours].map(arrivalRatePerSec);
    const [theirRate = Number.NaN, ourRate = Number.NaN] = rates;
    checks.holds(
      'time/arrival-rate',
      Math.abs(ourRate / requestRatePerSec - 1) <= RATE_TOLERANCE_RATIO,
      `${theirRate} of ${requestRatePerSec} a second`,
      `${ourRate} of ${requestRatePerSec} a second`,
    );
  }
  return errors;
}

type Summary = Readonly<Record<string, { readonly avg?: number; readonly p50?: number } | undefined>>;

interface Measured {
  readonly records: number;
  readonly errorsMs: readonly number[];
  readonly serverMs: readonly number[];
}

interface RecordLine {
  readonly metadata: { readonly x_request_id: string; readonly benchmark_phase: string };
  readonly metrics: Readonly<Record<string, { readonly value: number } | undefined>>;
}

/** Requests a second as they arrived at the server. */
function arrivalRatePerSec({ stamps }: ToolRun): number {
  const arrivals = stamps.map(({ receivedNs }) => receivedNs);
  return (arrivals.length - 1) / ((Math.max(...arrivals) - Math.min(...arrivals)) / 1e9);
}

/** From the first arrival to the last write of the measured requests that succeeded, as the server saw it. */
function profiledSpanSec(run: ToolRun): number {
  const ids = new Set(
    (parseLines(run.text('profile_export.jsonl')) as RecordLine[])
      .filter(
        ({ metadata, metrics }) => metadata.benchmark_phase === 'profiling' && metrics['request_latency'] !== undefined,
      )
      .map(({ metadata }) => metadata.x_request_id),
  );
  const stamps = run.stamps.filter(({ requestId }) => ids.has(requestId));
  return (Math.max(...stamps.map(lastNs)) - Math.min(...stamps.map(({ receivedNs }) => receivedNs))) / 1e9;
}

function measure(run: ToolRun, tag: string, serverNs: (stamps: ServerStamps) => number): Measured {
  const byId = new Map(run.stamps.map((stamps) => [stamps.requestId, stamps]));
  const lines = (parseLines(run.text('profile_export.jsonl')) as RecordLine[]).filter(
    ({ metadata, metrics }) => metadata.benchmark_phase === 'profiling' && metrics[tag] !== undefined,
  );
  const errorsMs: number[] = [];
  const serverMs: number[] = [];
  for (const { metadata, metrics } of lines) {
    const stamps = byId.get(metadata.x_request_id);
    if (stamps === undefined) continue;
    const ms = serverNs(stamps) / 1e6;
    serverMs.push(ms);
    errorsMs.push((metrics[tag]?.value ?? Number.NaN) - ms);
  }
  return { records: lines.length, errorsMs, serverMs };
}

function timeError(name: string, tool: TimeError['tool'], { errorsMs }: Measured): TimeError {
  const magnitudes = errorsMs.map(Math.abs);
  return {
    measure: name,
    tool,
    p50Ms: percentile(errorsMs, 50),
    p99Ms: percentile(magnitudes, 99),
    maxMs: Math.max(...magnitudes),
  };
}

function statisticOf(values: readonly number[], statistic: 'avg' | 'p50'): number {
  return statistic === 'p50' ? percentile(values, 50) : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const position = ((sorted.length - 1) * percent) / 100;
  const low = sorted[Math.floor(position)] ?? Number.NaN;
  const high = sorted[Math.ceil(position)] ?? Number.NaN;
  return low + (high - low) * (position - Math.floor(position));
}
