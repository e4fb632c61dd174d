import { CHAT_MODE, type MetricMode } from '@aiperf/metrics';
import { DISPUTED, type RecordedRow } from './recording.ts';

/** A way to look at the recording: which requests, and with which options. */
export interface MetricsView {
  readonly name: string;
  /** Options of AIPerf's `profile`. */
  readonly options: readonly string[];
  /** The same for ours. */
  readonly mode: MetricMode;
  /** Taken off the latencies. Absent: nothing is. */
  readonly rttNs?: number;
  readonly sliceDurationSec?: number;
  /** Absent: everything. `rows`: the requests, and no sums of them. `outcomes`: only the verdicts on them. */
  readonly compares?: 'rows' | 'outcomes';
  readonly includes: (row: RecordedRow) => boolean;
}

/** Objectives that some of the requests meet. */
const GOODPUT = [
  { tag: 'request_latency', value: 25 },
  { tag: 'time_to_first_token', value: 7 },
  { tag: 'output_token_throughput_per_user', value: 300 },
];
const WHOLE_GOODPUT = [{ tag: 'request_latency', value: 12 }];

const MODE: MetricMode = { ...CHAT_MODE, carriesMedia: true };

const goodputOption = (objectives: MetricMode['goodput']): string[] => [
  '--goodput',
  objectives.map(({ tag, value }) => `${tag}:${value}`).join(' '),
];

const streams = ({ script, rowClass }: RecordedRow): boolean =>
  script.isStream && !DISPUTED.has(rowClass) && rowClass !== 'mixed';
const wholes = ({ script, rowClass }: RecordedRow): boolean => !script.isStream && !DISPUTED.has(rowClass);
const isUndisputed = ({ rowClass }: RecordedRow): boolean => rowClass === 'plain' || rowClass === 'failed';

/** Views in which both sides count tokens with the same tokenizer, and one in which they take the server's counts. */
export function metricsViews(tokenizer: string, scheduleFile: string): readonly MetricsView[] {
  const counted = ['--tokenizer', tokenizer, '--request-count', '10'];
  const schedule = ['--fixed-schedule', '--input-file', scheduleFile, '--custom-dataset-type', 'mooncake_trace'];
  return [
    {
      name: 'metrics-plain',
      options: ['--streaming', ...counted, ...goodputOption(GOODPUT), '--slice-duration', '1'],
      mode: { ...MODE, goodput: GOODPUT, networkLatency: true },
      rttNs: 1_500_000,
      sliceDurationSec: 1,
      includes: (row) => streams(row) && isUndisputed(row),
    },
    {
      name: 'metrics-all',
      options: ['--streaming', ...counted, ...goodputOption(GOODPUT)],
      mode: { ...MODE, goodput: GOODPUT },
      // A known difference in one request is one in every sum.
      compares: 'rows',
      includes: streams,
    },
    {
      name: 'metrics-server-counts',
      options: ['--streaming', '--use-server-token-count', '--per-chunk-usage', '--request-count', '10'],
      mode: { ...MODE, countsOnClient: false },
      includes: (row) => streams(row) && isUndisputed(row),
    },
    {
      name: 'metrics-whole',
      options: [...counted, ...goodputOption(WHOLE_GOODPUT)],
      mode: { ...MODE, streaming: false, goodput: WHOLE_GOODPUT },
      includes: (row) => wholes(row) && isUndisputed(row),
    },
    {
      name: 'metrics-whole-server-counts',
      options: ['--use-server-token-count', '--request-count', '10'],
      mode: { ...MODE, streaming: false, countsOnClient: false },
      includes: (row) => wholes(row) && isUndisputed(row),
    },
    {
      name: 'metrics-schedule',
      options: ['--streaming', '--tokenizer', tokenizer, ...schedule],
      mode: { ...MODE, openLoop: true, fixedSchedule: true },
      includes: (row) => streams(row) && isUndisputed(row),
    },
    {
      name: 'metrics-outcomes',
      options: ['--streaming', ...counted],
      mode: MODE,
      compares: 'outcomes',
      includes: ({ script }) => script.isStream,
    },
  ];
}

/** Names by which the list of known differences confines a line to a view. */
export const METRICS_VIEW_NAMES: readonly string[] = metricsViews('', '').map(({ name }) => name);
