import { contextOverflowCount } from './aggregate/context-overflow-count.ts';
import { errorRequestCount } from './aggregate/error-request-count.ts';
import { goodRequestCount } from './aggregate/good-request-count.ts';
import { oslMismatchCount } from './aggregate/osl-mismatch-count.ts';
import { requestCount } from './aggregate/request-count.ts';
import { maxResponseTimestamp, minRequestTimestamp } from './aggregate/timestamps.ts';
import { usageDiscrepancyCount } from './aggregate/usage-discrepancy-count.ts';
import { CURVE_DEFINITIONS } from './curves/curve-definitions.ts';
import { benchmarkDuration } from './derived/benchmark-duration.ts';
import { completedRequestCount, requestErrorRate } from './derived/completed-request-count.ts';
import { goodput, goodRequestFraction } from './derived/goodput.ts';
import { networkAdjusted, networkRtt } from './derived/network-latency.ts';
import { overallThinkingEfficiency } from './derived/overall-thinking-efficiency.ts';
import { replayScheduleLag } from './derived/replay-schedule-lag.ts';
import { specDecodeTotals } from './derived/spec-decode.ts';
import {
  inputTokenThroughput,
  outputTokenThroughput,
  requestThroughput,
  totalTokenThroughput,
} from './derived/throughput.ts';
import { overallUsagePromptCacheReadPct, totals } from './derived/totals.ts';
import type { MetricDefinition, RunResults } from './metric-definition.ts';
import { errorAdjustedDefinitions } from './error-adjusted.ts';
import type { Metric } from './metric.ts';
import { coalescingRatio } from './record/coalescing-ratio.ts';
import { creditDropLatency } from './record/credit-drop-latency.ts';
import { creditToStartLatency } from './record/credit-to-start-latency.ts';
import { decodeDuration } from './record/decode-duration.ts';
import { e2eOutputTokenThroughput } from './record/e2e-output-token-throughput.ts';
import { effectiveLatency } from './record/effective-latency.ts';
import { errorIsl } from './record/error-isl.ts';
import { httpTrace } from './record/http-trace.ts';
import { inputSequenceLength } from './record/input-sequence-length.ts';
import { interChunkLatency } from './record/inter-chunk-latency.ts';
import { interTokenLatency, interTokenLatencyBounds } from './record/inter-token-latency.ts';
import { audioMetrics, imageMetrics, videoMetrics } from './record/media.ts';
import { oslMismatchDiffPct } from './record/osl-mismatch-diff-pct.ts';
import { outputSequenceLength } from './record/output-sequence-length.ts';
import { outputTokenCount } from './record/output-token-count.ts';
import { outputTokenThroughputPerUser } from './record/output-token-throughput-per-user.ts';
import { prefillThroughputPerUser } from './record/prefill-throughput-per-user.ts';
import { reasoningTokenCount } from './record/reasoning-token-count.ts';
import { replaySendScheduleOffset } from './record/replay-send-schedule-offset.ts';
import { requestLatency } from './record/request-latency.ts';
import { requestedOsl } from './record/requested-osl.ts';
import { sendLag } from './record/send-lag.ts';
import { slotTurnaround } from './record/slot-turnaround.ts';
import { specDecode } from './record/spec-decode.ts';
import { streamPrefillLatency, streamSetupLatency } from './record/stream-latency.ts';
import { maxInterChunkLatency, stallCount, stallsPer1000Tokens } from './record/stream-quality.ts';
import { thinkingEfficiency } from './record/thinking-efficiency.ts';
import { timeToFirstOutputToken } from './record/time-to-first-output-token.ts';
import { timeToFirstToken } from './record/time-to-first-token.ts';
import { timeToSecondToken } from './record/time-to-second-token.ts';
import { usageDiffs } from './record/usage-diff.ts';
import { usageFields } from './record/usage-fields.ts';

/** Every metric of this package; the one table that files, tables and the reference are made from. */
export const METRIC_DEFINITIONS: readonly Metric[] = [
  timeToFirstToken,
  timeToSecondToken,
  timeToFirstOutputToken,
  requestLatency,
  decodeDuration,
  interTokenLatency,
  ...interTokenLatencyBounds,
  interChunkLatency,
  maxInterChunkLatency,
  stallCount,
  outputTokenThroughputPerUser,
  e2eOutputTokenThroughput,
  prefillThroughputPerUser,
  inputSequenceLength,
  errorIsl,
  outputSequenceLength,
  outputTokenCount,
  reasoningTokenCount,
  requestedOsl,
  oslMismatchDiffPct,
  thinkingEfficiency,
  streamSetupLatency,
  streamPrefillLatency,
  effectiveLatency,
  creditToStartLatency,
  creditDropLatency,
  sendLag,
  slotTurnaround,
  coalescingRatio,
  replaySendScheduleOffset,
  ...imageMetrics,
  ...audioMetrics,
  ...videoMetrics,
  ...specDecode,
  ...httpTrace,
  ...usageFields,
  ...usageDiffs,
  requestCount,
  errorRequestCount,
  contextOverflowCount,
  goodRequestCount,
  oslMismatchCount,
  usageDiscrepancyCount,
  minRequestTimestamp,
  maxResponseTimestamp,
  benchmarkDuration,
  completedRequestCount,
  requestErrorRate,
  goodRequestFraction,
  goodput,
  ...totals,
  overallUsagePromptCacheReadPct,
  overallThinkingEfficiency,
  ...specDecodeTotals,
  stallsPer1000Tokens,
  ...replayScheduleLag,
  networkRtt,
  ...networkAdjusted,
  outputTokenThroughput,
  inputTokenThroughput,
  totalTokenThroughput,
  requestThroughput,
];

/** The definitions that the results of a run are shown with: the table, what is made beside it, and those of the run's own modules. */
export function definitionsOf({ foreignDefinitions = [] }: Pick<RunResults, 'foreignDefinitions'>): MetricDefinition[] {
  const adjusted = errorAdjustedDefinitions([...METRIC_DEFINITIONS, ...foreignDefinitions]);
  return [...METRIC_DEFINITIONS, ...adjusted, ...CURVE_DEFINITIONS, ...foreignDefinitions];
}
