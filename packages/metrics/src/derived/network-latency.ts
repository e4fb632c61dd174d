import type { MetricFlag } from '../metric-definition.ts';
import type { MetricMode } from '../metric-mode.ts';
import type { DerivedRecordMetric, MeasuredMetric } from '../metric.ts';

/** Tag of the round trips that a run measured. */
export const NETWORK_RTT = 'network_rtt';
const appliesTo = (mode: MetricMode): boolean => mode.networkLatency;

/** Round trips to the server: TCP handshakes during the run, or the one that was given. */
export const networkRtt: MeasuredMetric = {
  tag: NETWORK_RTT,
  header: 'Network RTT',
  unit: 'ns',
  displayUnit: 'ms',
  kind: 'measured',
  flags: ['no_individual_records'],
  consoleGroup: 'default',
  displayOrder: 305,
  appliesTo,
  formula: 'TCP handshakes measured during the run, or the round trip given',
};

function adjusted(of: string, header: string, displayOrder: number, flags: readonly MetricFlag[]): DerivedRecordMetric {
  return {
    tag: `network_adjusted_${of}`,
    header: `Network-Adjusted ${header}`,
    unit: 'ns',
    displayUnit: 'ms',
    kind: 'derived_record',
    of,
    flags,
    consoleGroup: 'default',
    displayOrder,
    appliesTo,
    requires: [of, NETWORK_RTT],
    formula: `max(${of} - mean ${NETWORK_RTT}, 0) of each request`,
    compute: (value, run) => Math.max(0, value - (run.summary(NETWORK_RTT)?.avg ?? Number.NaN)),
  };
}

/** Latencies as a client next to the server would have seen them. */
export const networkAdjusted: readonly DerivedRecordMetric[] = [
  adjusted('time_to_first_token', 'Time to First Token', 101, ['streaming_only', 'produces_tokens_only']),
  adjusted('time_to_first_output_token', 'Time to First Output Token', 211, [
    'streaming_only',
    'produces_tokens_only',
    'supports_reasoning',
  ]),
  adjusted('request_latency', 'Request Latency', 301, []),
];
