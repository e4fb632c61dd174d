import type { DerivedMetric } from '../metric.ts';
import { ratio } from '../ratio.ts';

const NS_PER_SEC = 1e9;

/** Output tokens per second of the whole phase. */
export const outputTokenThroughput: DerivedMetric = {
  tag: 'output_token_throughput',
  header: 'Output Token Throughput',
  shortHeader: 'Output TPS',
  unit: 'tokens/sec',
  kind: 'derived',
  flags: ['produces_tokens_only', 'larger_is_better'],
  consoleGroup: 'default',
  displayOrder: 800,
  formula: 'total_osl / benchmark_duration in seconds',
  requires: ['total_osl', 'benchmark_duration'],
  compute: (run) => ratio(run.scalar('total_osl'), run.scalar('benchmark_duration') / NS_PER_SEC),
};

/** Input tokens per second of the whole phase. */
export const inputTokenThroughput: DerivedMetric = {
  tag: 'input_token_throughput',
  header: 'Input Token Throughput',
  shortHeader: 'Input TPS',
  unit: 'tokens/sec',
  kind: 'derived',
  flags: ['larger_is_better'],
  consoleGroup: 'default',
  displayOrder: 805,
  formula: 'total_isl / benchmark_duration in seconds',
  requires: ['total_isl', 'benchmark_duration'],
  compute: (run) => ratio(run.scalar('total_isl'), run.scalar('benchmark_duration') / NS_PER_SEC),
};

/** Input and output tokens per second of the whole phase. */
export const totalTokenThroughput: DerivedMetric = {
  tag: 'total_token_throughput',
  header: 'Total Token Throughput',
  shortHeader: 'Total TPS',
  unit: 'tokens/sec',
  kind: 'derived',
  flags: ['produces_tokens_only', 'larger_is_better'],
  consoleGroup: 'none',
  formula: '(total_isl + total_osl) / benchmark_duration in seconds',
  requires: ['total_isl', 'total_osl', 'benchmark_duration'],
  compute: (run) =>
    ratio(run.scalar('total_isl') + run.scalar('total_osl'), run.scalar('benchmark_duration') / NS_PER_SEC),
};

/** Successful requests per second of the whole phase. */
export const requestThroughput: DerivedMetric = {
  tag: 'request_throughput',
  header: 'Request Throughput',
  shortHeader: 'RPS',
  unit: 'requests/sec',
  kind: 'derived',
  flags: ['larger_is_better'],
  consoleGroup: 'default',
  displayOrder: 900,
  formula: 'request_count / benchmark_duration in seconds',
  requires: ['request_count', 'benchmark_duration'],
  compute: (run) => ratio(run.scalar('request_count'), run.scalar('benchmark_duration') / NS_PER_SEC),
};
