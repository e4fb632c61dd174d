import type { MetricResult, RunResults } from '@aiperf/metrics';
import { wrapText } from './display-width.ts';
import { groupedTwoDecimals } from './number-format.ts';
import { renderPanel } from './panel.ts';
import { isFinite } from './result-order.ts';

/** Panels about numbers that do not fit together, in AIPerf's order, each after an empty line. */
export function renderWarnings(results: RunResults, widthColumns: number): string[] {
  const byTag = new Map(results.profiling.map((result) => [result.tag, result]));
  return [
    ...cacheHint(byTag, widthColumns),
    ...discrepancyPanel(byTag, results.requestCount, widthColumns),
    ...mismatchPanel(byTag, results.requestCount, widthColumns),
    ...uncountedHint(byTag, results.requestCount, widthColumns),
    ...uncertainHint(results.profiling, widthColumns),
  ];
}

type Metrics = ReadonlyMap<string, MetricResult>;

function discrepancyPanel(metrics: Metrics, requestCount: number, widthColumns: number): string[] {
  const count = metrics.get('usage_discrepancy_count')?.avg ?? 0;
  if (!(count > 0)) return [];
  const rows = [
    ['Prompt', 'usage_prompt_tokens_diff_pct'],
    ['Completion', 'usage_completion_tokens_diff_pct'],
    ['Reasoning', 'usage_reasoning_tokens_diff_pct'],
  ].flatMap(([name = '', tag = '']) => spread(name, metrics.get(tag)));
  return [
    '',
    ...renderPanel(
      'Token Count Discrepancy Warning',
      [
        `${share(count, requestCount)}: the server counted over 10 % more or fewer tokens than this client.`,
        ...rows,
        'Usual reasons: another tokenizer than the server’s (--tokenizer), a chat template or a system prompt that the server adds, or output that the server does not send.',
        'Token metrics use the client’s counts; --use-server-token-count takes the server’s.',
      ],
      widthColumns,
    ),
  ];
}

function mismatchPanel(metrics: Metrics, requestCount: number, widthColumns: number): string[] {
  const count = metrics.get('osl_mismatch_count')?.avg ?? 0;
  if (!(count > 0)) return [];
  return [
    '',
    ...renderPanel(
      'Output Sequence Length Mismatch Warning',
      [
        `${share(count, requestCount)}: the output was more than 5 % (or 50 tokens) longer or shorter than asked for.`,
        ...spread('Difference', metrics.get('osl_mismatch_diff_pct')),
        'Throughput and latency of such outputs cannot be compared with those of the length asked for.',
        'Usual reasons: the model ended earlier (let the server ignore the end token: --extra-inputs ignore_eos:true, or set min_tokens), or client and server use different tokenizers.',
      ],
      widthColumns,
    ),
  ];
}

function cacheHint(metrics: Metrics, widthColumns: number): string[] {
  if (!metrics.has('usage_prompt_tokens') || metrics.has('usage_prompt_cache_read_tokens')) return [];
  return [
    '',
    ...wrapText(
      'The server reports usage without cached prompt tokens, so that hits of its prefix cache cannot be seen here (vLLM: --enable-prompt-tokens-details).',
      widthColumns,
    ),
  ];
}

/** Requests whose tokens nobody counted: sums of tokens leave them out, and their time is in the rates all the same. */
function uncountedHint(metrics: Metrics, requestCount: number, widthColumns: number): string[] {
  const sides = [
    ['input', 'input_sequence_length'],
    ['output', 'output_sequence_length'],
  ] as const;
  const missing = sides.flatMap(([name, tag]) => {
    const count = metrics.get(tag)?.count ?? 0;
    return count > 0 && count < requestCount
      ? [`${share(requestCount - count, requestCount)} without ${name} tokens`]
      : [];
  });
  if (missing.length === 0) return [];
  const text = `Token counts are missing: ${missing.join(', ')}. Token totals and throughputs leave these out, and so are too low.`;
  return ['', ...wrapText(text, widthColumns)];
}

/** Percentiles of the main sample that it is too small for; metrics with fewer values are marked in the JSON summary. */
function uncertainHint(metrics: readonly MetricResult[], widthColumns: number): string[] {
  const { count, uncertain = [] } = metrics.find(({ tag }) => tag === 'request_latency') ?? {};
  const list = ['p90', 'p95', 'p99'].filter((name) => uncertain.some((other) => other === name));
  if (count === undefined || list.length === 0) return [];
  return [
    '',
    ...wrapText(
      `Too few requests (${count}) for ${list.join(', ')}: such a percentile is little more than the largest value.`,
      widthColumns,
    ),
  ];
}

function spread(name: string, result: MetricResult | undefined): string[] {
  if (result === undefined) return [];
  const { avg, p50, max } = result;
  const parts = Object.entries({ avg, p50, max }).flatMap(([statistic, value]) =>
    isFinite(value) ? [`${statistic} ${groupedTwoDecimals(value)} %`] : [],
  );
  return parts.length === 0 ? [] : [`${name}: ${parts.join(', ')}`];
}

function share(count: number, requestCount: number): string {
  const percent = requestCount > 0 ? ` (${groupedTwoDecimals((count / requestCount) * 100)} %)` : '';
  return `${count} of ${requestCount} requests${percent}`;
}
