import type { Dialect, DialectInput } from './dialect.ts';
import type { DialectRequest, DialectRequests } from './dialect-requests.ts';
import {
  concurrencyOverTime,
  weightedStatistics,
  type EmitWeighted,
  type WeightedStatistics,
} from './guidellm-samples.ts';
import { renderGuidellmTable, type GuidellmColumn } from './guidellm-table.ts';
import type { LoadFacts } from './load-facts.ts';
import { oneDecimal } from './python-format.ts';
import { studentT95 } from './student-t.ts';
import { firstKnown, known } from './totals.ts';

const SAMPLES = ['input', 'output', 'total', 'perIteration', 'latency', 'ttft', 'ttfot', 'itl', 'tpot'] as const;
type Sample = (typeof SAMPLES)[number];

const NOT_KNOWN = '--';
/** Below this number of requests, and above one, a 95 % interval of the 95th percentile has no upper end. */
const P95_BOUNDED_FROM = 72;
const UNBOUNDED_MARK = '*';
const UNBOUNDED_NOTE = `${UNBOUNDED_MARK} confidence interval unavailable at this sample size`;
/** A margin that would round to 0 with one decimal gets more. */
const MARGIN_DECIMALS = [2, 3, 4];

/**
 * The console tables of `guidellm run` 0.8. Formulas, weights, labels and their order are facts of vllm-project/guidellm
 * `schemas/base/request_stats.py`, `schemas/base/statistics.py`, `benchmark/schemas/metrics.py` and `benchmark/outputs/console.py`.
 */
export const guidellmDialect: Dialect = {
  name: 'guidellm',
  tool: 'guidellm run',
  sources: [
    'vllm-project/guidellm src/guidellm/schemas/base/request_stats.py (0.8.1)',
    'vllm-project/guidellm src/guidellm/schemas/base/statistics.py (0.8.1)',
    'vllm-project/guidellm src/guidellm/benchmark/schemas/metrics.py (0.8.1)',
    'vllm-project/guidellm src/guidellm/benchmark/outputs/console.py (0.8.1)',
    'vllm-project/guidellm src/guidellm/utils/console.py (0.8.1)',
  ],
  differences: [
    {
      subject: 'Percentiles',
      text: 'the smallest value up to which half (Mdn) or 95 % (p95) of the weight lies, never a value in between; AIPerf interpolates linearly.',
    },
    {
      subject: 'Mean',
      text: `± half of a 95 % confidence interval by Student's t; ${UNBOUNDED_MARK} marks a p95 of fewer than ${P95_BOUNDED_FROM} requests. AIPerf has intervals of percentiles, none of means.`,
    },
    {
      subject: 'Request Latency',
      text: 'until the end of the response, [DONE] included; AIPerf stops at the last content.',
    },
    {
      subject: 'TTFT',
      text: 'first content or reasoning, as AIPerf. TTFOT is what AIPerf calls time_to_first_output_token.',
    },
    {
      subject: 'ITL',
      text: "AIPerf's formula, but a request weighs as much as it has tokens after the first, so that long answers count more. AIPerf gives each request the same weight.",
    },
    {
      subject: 'TPOT',
      text: '(last token - start) / output tokens: the wait for the first token counts, and a request weighs as much as it has tokens. AIPerf has no such metric; e2e_output_token_throughput is nearest.',
    },
    {
      subject: 'Tokens',
      text: "GuideLLM takes the server's usage, and without it one token an event; this report takes the usage, and without it AIPerf's count. Output tokens of failed (Err) and cancelled (Inc) requests are their events with content.",
    },
    {
      subject: 'Output Tok Per Stream Iter',
      text: 'the first event counts as one token, the others share the rest evenly. AIPerf has no such metric.',
    },
    {
      subject: 'Stream Iter',
      text: `all lines of a stream; the record file knows only events with content, so that this is ${NOT_KNOWN}.`,
    },
    {
      subject: 'Per Sec',
      text: 'all requests and their tokens, failed and cancelled ones too, over first start to last end; AIPerf counts those that succeeded, until the last content.',
    },
    {
      subject: 'Concurrency',
      text: 'median and mean over time of all requests in flight until the end of their responses. GuideLLM takes moments within 0.1 ms for one; in its rates, that can shorten the duration by 0.1 ms against this report.',
    },
    {
      subject: 'Run Summary',
      text: "warm-up and cool-down are what GuideLLM cuts off its own run: 0 here, since AIPerf's warm-up is a phase of its own. A load that GuideLLM does not have is printed under AIPerf's name.",
    },
    { subject: 'Missing values', text: 'GuideLLM prints 0.0 for a sample without values; AIPerf leaves it out.' },
    {
      subject: 'Text Metrics',
      text: 'GuideLLM has one more table, of words and characters; the record file has no texts, and the table is left out. So are its warnings.',
    },
  ],
  render: renderGuidellm,
};

async function renderGuidellm({ requests, load, timeZone }: DialectInput): Promise<string> {
  const run = new RunSurvey();
  await requests.visit((request) => run.add(request));
  const statistics = await weightedStatistics<Sample>(requests, SAMPLES, emitterFor(requests));
  const concurrency = await concurrencyOverTime(requests, run.endNs);
  const strategy: GuidellmColumn = { head: ['Benchmark', 'Strategy', ''], value: strategyOf(load) };
  const wallTime = (timeNs: number): string => clockTime(requests.origin.epochNs, timeNs, timeZone);
  const durationSec = (run.endNs - run.startNs) / 1e9;
  const iterations = requests.isStreaming ? NOT_KNOWN : oneDecimal(0);
  const latency = [
    ...estimated('Request Latency', 'Sec', statistics.latency),
    ...estimated('TTFT', 'ms', statistics.ttft),
    ...estimated('TTFOT', 'ms', statistics.ttfot),
    ...weighted('ITL', 'ms', statistics.itl),
    ...weighted('TPOT', 'ms', statistics.tpot),
  ];
  return [
    ...renderGuidellmTable('Run Summary Info', [
      strategy,
      { head: ['Timings', 'Start', ''], value: wallTime(run.startNs) },
      { head: ['Timings', 'End', ''], value: wallTime(run.endNs) },
      number('Timings', 'Dur', 'Sec', durationSec),
      number('Timings', 'Warm', 'Sec', 0),
      number('Timings', 'Cool', 'Sec', 0),
      { head: ['Requests', 'Comp', 'Tot'], value: String(run.goodCount) },
      { head: ['Requests', 'Inc', 'Tot'], value: String(run.cancelledCount) },
      { head: ['Requests', 'Err', 'Tot'], value: String(run.failedCount) },
      number('Input Tokens', 'Comp', 'Tot', run.inputTokens),
      number('Input Tokens', 'Inc', 'Tot', 0),
      number('Input Tokens', 'Err', 'Tot', 0),
      number('Output Tokens', 'Comp', 'Tot', run.outputTokens),
      number('Output Tokens', 'Inc', 'Tot', run.cancelledTokens),
      number('Output Tokens', 'Err', 'Tot', run.failedTokens),
    ]),
    ...renderGuidellmTable('Request Token Statistics (Completed Requests)', [
      strategy,
      ...pair('Input Tok', 'Per Req', statistics.input),
      ...pair('Output Tok', 'Per Req', statistics.output),
      ...pair('Total Tok', 'Per Req', statistics.total),
      { head: ['Stream Iter', 'Per Req', 'Mdn'], value: iterations },
      { head: ['Stream Iter', 'Per Req', 'p95'], value: iterations },
      ...pair('Output Tok', 'Per Stream Iter', statistics.perIteration),
    ]),
    ...renderGuidellmTable('Request Latency Statistics (Completed Requests)', [strategy, ...latency]),
    ...(latency.some(({ value }) => value.endsWith(UNBOUNDED_MARK)) ? [UNBOUNDED_NOTE] : []),
    ...renderGuidellmTable('Server Throughput Statistics (All Requests)', [
      strategy,
      number('Requests', 'Concurrency', 'Mdn', concurrency.median),
      number('Requests', 'Concurrency', 'Mean', concurrency.mean),
      number('Requests', 'Per Sec', 'Mean', run.sentCount / durationSec),
      number('Input Tokens', 'Per Sec', 'Mean', run.inputTokens / durationSec),
      number('Output Tokens', 'Per Sec', 'Mean', run.allOutputTokens / durationSec),
      number('Total Tokens', 'Per Sec', 'Mean', (run.inputTokens + run.allOutputTokens) / durationSec),
    ]),
    '',
  ].join('\n');
}

function number(group: string, name: string, unit: string, value: number): GuidellmColumn {
  return { head: [group, name, unit], value: oneDecimal(value) };
}

function pair(group: string, name: string, { median, p95 }: WeightedStatistics): GuidellmColumn[] {
  return [number(group, name, 'Mdn', median), number(group, name, 'p95', p95)];
}

/** A sample of tokens: its requests do not weigh the same, and there is no interval. */
function weighted(group: string, name: string, statistics: WeightedStatistics): GuidellmColumn[] {
  return [number(group, name, 'Mean', statistics.mean), ...pair(group, name, statistics)];
}

/** A sample of requests, with what its size allows to say. */
function estimated(group: string, name: string, statistics: WeightedStatistics): GuidellmColumn[] {
  const { weight: count, mean, standardDeviation, median, p95 } = statistics;
  if (count < 2) return weighted(group, name, statistics);
  const margin = (studentT95(count - 1) * standardDeviation) / Math.sqrt(count - 1);
  return [
    { head: [group, name, 'Mean'], value: `${oneDecimal(mean)} ± ${marginText(margin)}` },
    number(group, name, 'Mdn', median),
    { head: [group, name, 'p95'], value: `${oneDecimal(p95)}${count < P95_BOUNDED_FROM ? UNBOUNDED_MARK : ''}` },
  ];
}

function marginText(margin: number): string {
  if (margin === 0) return oneDecimal(0);
  const texts = [oneDecimal(margin), ...MARGIN_DECIMALS.map((decimals) => margin.toFixed(decimals))];
  return texts.find((text) => Number(text) > 0) ?? texts.at(-1) ?? '';
}

/** What one scan tells. */
class RunSurvey {
  startNs = Number.POSITIVE_INFINITY;
  endNs = Number.NEGATIVE_INFINITY;
  goodCount = 0;
  failedCount = 0;
  cancelledCount = 0;
  inputTokens = 0;
  outputTokens = 0;
  failedTokens = 0;
  cancelledTokens = 0;

  get sentCount(): number {
    return this.goodCount + this.failedCount + this.cancelledCount;
  }

  get allOutputTokens(): number {
    return this.outputTokens + this.failedTokens + this.cancelledTokens;
  }

  add(request: DialectRequest): void {
    const { startNs, endNs, isGood, wasCancelled, contentEvents } = request;
    // Written so that times that are not known change nothing.
    if (startNs < this.startNs) this.startNs = startNs;
    if (endNs > this.endNs) this.endNs = endNs;
    if (isGood) {
      this.goodCount++;
      this.inputTokens += inputTokens(request);
      this.outputTokens += outputTokens(request);
    } else if (wasCancelled) {
      this.cancelledCount++;
      this.cancelledTokens += known(contentEvents);
    } else {
      this.failedCount++;
      this.failedTokens += known(contentEvents);
    }
  }
}

function emitterFor({ isStreaming }: DialectRequests): EmitWeighted<Sample> {
  return (request, add) => {
    if (!request.isGood) return;
    const { startNs, endNs, ttftNs, ttfoNs, latencyNs, contentEvents } = request;
    const output = outputTokens(request);
    const input = inputTokens(request);
    add('input', input, 1);
    add('output', output, 1);
    add('total', input + output, 1);
    add('latency', (endNs - startNs) / 1e9, 1);
    add('tpot', output > 0 ? (isStreaming ? latencyNs : endNs - startNs) / 1e6 / output : 0, output);
    if (!isStreaming) {
      add('perIteration', output, 1);
      return;
    }
    add('ttft', ttftNs / 1e6, 1);
    if (!Number.isNaN(ttfoNs)) add('ttfot', ttfoNs / 1e6, 1);
    if (output > 1) add('itl', (latencyNs - ttftNs) / 1e6 / (output - 1), output - 1);
    if (contentEvents <= 1) {
      add('perIteration', output, 1);
      return;
    }
    add('perIteration', Math.min(1, output), 1);
    if (output > 1) add('perIteration', (output - 1) / (contentEvents - 1), contentEvents - 1);
  };
}

function strategyOf({ mode, arrivalPattern, concurrency, requestRatePerSec }: LoadFacts): string {
  if (mode === 'fixed_schedule') return 'trace@1.00';
  if (mode === 'concurrency') return concurrency === undefined ? 'concurrent' : `concurrent@${concurrency}`;
  const name = mode === 'request_rate' ? arrivalPattern : mode;
  return requestRatePerSec === undefined ? name : `${name}@${requestRatePerSec.toFixed(2)}`;
}

function clockTime(epochNs: bigint, sinceNs: number, timeZone: string | undefined): string {
  const epochMs = Number((epochNs + BigInt(Math.round(sinceNs))) / 1_000_000n);
  const zone = timeZone === undefined ? {} : { timeZone };
  return new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', ...zone }).format(epochMs);
}

function inputTokens(request: DialectRequest): number {
  return known(firstKnown(request.usagePromptTokens, request.inputTokens));
}

function outputTokens(request: DialectRequest): number {
  return known(firstKnown(request.usageCompletionTokens, request.outputTokens));
}
