import type { Summary } from '@aiperf/metrics/stats';
import { pythonFloat } from '../number-format.ts';
import type { Dialect, DialectInput } from './dialect.ts';
import type { DialectRequest, DialectRequests } from './dialect-requests.ts';
import type { LoadFacts } from './load-facts.ts';
import { PerSecond } from './per-second.ts';
import { labelled, labelledDecimals, rule } from './python-format.ts';
import { summarizeSamples } from './samples.ts';
import { firstKnown, known, totalsOf, type RequestTotals } from './totals.ts';

type Sample = 'E2E Latency' | 'TTFT' | 'TPOT' | 'ITL';

const SECTIONS: readonly (readonly [sample: Sample, title: string])[] = [
  ['E2E Latency', 'End-to-End Latency'],
  ['TTFT', 'Time to First Token'],
  ['TPOT', 'Time per Output Token (excl. 1st token)'],
  ['ITL', 'Inter-Token Latency'],
];

/**
 * `sglang.bench_serving` over an OpenAI endpoint. Formulas, stamps, labels and their order are facts of sgl-project/sglang
 * `python/sglang/benchmark/serving.py`, which `python/sglang/bench_serving.py` was before.
 */
export const sglangDialect: Dialect = {
  name: 'sglang',
  tool: 'python -m sglang.bench_serving',
  sources: ['sgl-project/sglang python/sglang/benchmark/serving.py (00f9ec4)'],
  differences: [
    {
      subject: 'E2E Latency',
      text: 'until the last line of the response, usage and [DONE] included; AIPerf stops at the last content.',
    },
    {
      subject: 'TTFT',
      text: 'first content or reasoning, as AIPerf. Without streaming it is the whole latency; AIPerf has none.',
    },
    {
      subject: 'TPOT',
      text: '(E2E latency - TTFT) / (output tokens - 1), so that the time after the last content counts; AIPerf calls the nearest thing inter_token_latency.',
    },
    {
      subject: 'ITL',
      text: "all gaps between content events of all requests, pooled: AIPerf calls this inter_chunk_latency. sglang's native endpoint and its speculative decoding spread a gap over the tokens of the event; with an OpenAI endpoint it does not.",
    },
    {
      subject: 'Tokens',
      text: "generated tokens are the server's usage, or without it the length that was asked for, whatever came; the retokenized ones are counted from the text, as AIPerf does. Input tokens are those of the data set; of conversations sglang prints 0.",
    },
    {
      subject: 'Duration',
      text: 'sglang divides by the time from its first task to after the last response and a question to the server; AIPerf by first start to last content of requests that succeeded. That question is not known here.',
    },
    { subject: 'Concurrency', text: 'sum of the E2E latencies / duration.' },
    {
      subject: 'Peaks',
      text: 'of whole seconds since the first start: one event counts as one token, and a request counts in every second that it touches, so that the peak can exceed the concurrency.',
    },
    {
      subject: 'Successful requests',
      text: 'failed requests are not printed. A stream that was cut off counts as successful there; in AIPerf and in this report it does not.',
    },
    { subject: 'Missing values', text: 'sglang prints 0.00 for a sample without values; AIPerf leaves it out.' },
  ],
  render: renderSglang,
};

async function renderSglang({ requests, load }: DialectInput): Promise<string> {
  const totals = await totalsOf(requests, { input: (request) => request.inputTokens, output: outputTokens });
  const { goodCount, durationSec, inputTokens } = totals;
  let retokenized = 0;
  let latencySumNs = 0;
  await requests.visit((request) => {
    if (!request.isGood) return;
    retokenized += known(request.outputTokens);
    latencySumNs += request.endNs - request.startNs;
  });
  const { peakTokens, peakRequests } = await peaks(requests, totals);
  const samples = await summarizeSamples<Sample>(requests, emitSamples);
  const lines = [
    '',
    rule(' Serving Benchmark Result ', '='),
    labelled('Backend:', load.endpointType === 'completions' ? 'sglang-oai' : 'sglang-oai-chat'),
    labelled('Traffic request rate:', requestRate(load)),
    labelled('Max request concurrency:', load.concurrency === undefined ? 'not set' : String(load.concurrency)),
    labelled('Successful requests:', String(goodCount)),
    labelledDecimals('Benchmark duration (s):', durationSec),
    labelled('Total input tokens:', String(inputTokens)),
    labelled('Total input text tokens:', String(inputTokens)),
    labelled('Total generated tokens:', String(totals.outputTokens)),
    labelled('Total generated tokens (retokenized):', String(retokenized)),
    labelledDecimals('Request throughput (req/s):', goodCount / durationSec),
    labelledDecimals('Input token throughput (tok/s):', inputTokens / durationSec),
    labelledDecimals('Output token throughput (tok/s):', totals.outputTokens / durationSec),
    labelledDecimals('Peak output token throughput (tok/s):', peakTokens),
    labelled('Peak concurrent requests:', String(peakRequests)),
    labelledDecimals('Total token throughput (tok/s):', (inputTokens + totals.outputTokens) / durationSec),
    labelledDecimals('Concurrency:', latencySumNs / 1e9 / durationSec),
    ...SECTIONS.flatMap(([sample, title]) => section(sample, title, samples[sample])),
  ];
  return [...lines, '='.repeat(50), ''].join('\n');
}

function section(name: Sample, title: string, summary: Summary | undefined): string[] {
  const line = (statistic: string, valueNs: number | undefined): string =>
    labelledDecimals(`${statistic} ${name} (ms):`, (valueNs ?? 0) / 1e6);
  return [
    rule(title, '-'),
    line('Mean', summary?.avg),
    line('Median', summary?.p50),
    line('P90', summary?.p90),
    line('P95', summary?.p95),
    line('P99', summary?.p99),
    ...(name === 'ITL' ? [line('Max', summary?.max)] : []),
  ];
}

function emitSamples(request: DialectRequest, add: (key: Sample, valueNs: number) => void): void {
  if (!request.isGood) return;
  const latencyNs = request.endNs - request.startNs;
  const ttftNs = firstKnown(request.ttftNs, latencyNs);
  add('E2E Latency', latencyNs);
  add('TTFT', ttftNs);
  const tokens = outputTokens(request);
  if (tokens > 1) add('TPOT', (latencyNs - ttftNs) / (tokens - 1));
  for (let i = request.gapsFrom; i < request.gapsTo; i++) add('ITL', request.gapsNs[i] ?? 0);
}

async function peaks(
  requests: DialectRequests,
  { firstGoodStartNs }: RequestTotals,
): Promise<{ readonly peakTokens: number; readonly peakRequests: number }> {
  const tokens = new PerSecond(firstGoodStartNs);
  const changes = new PerSecond(firstGoodStartNs);
  await requests.visit((request) => {
    if (!request.isGood) return;
    const { startNs, endNs, ttftNs, gapsNs, gapsFrom, gapsTo } = request;
    let timeNs = startNs + firstKnown(ttftNs, endNs - startNs);
    tokens.add(timeNs);
    for (let i = gapsFrom; i < gapsTo; i++) {
      timeNs += gapsNs[i] ?? 0;
      tokens.add(timeNs);
    }
    changes.add(startNs);
    changes.addAt(changes.secondOf(endNs) + 1, -1);
  }, true);
  return { peakTokens: tokens.max, peakRequests: changes.maxRunningSum };
}

function requestRate({ mode, requestRatePerSec }: LoadFacts): string {
  if (mode === 'fixed_schedule') return 'trace';
  return requestRatePerSec === undefined ? 'inf' : pythonFloat(requestRatePerSec);
}

function outputTokens(request: DialectRequest): number {
  return known(firstKnown(request.usageCompletionTokens, request.requestedTokens, request.outputTokens));
}
