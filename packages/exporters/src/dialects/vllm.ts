import type { Summary } from '@aiperf/metrics/stats';
import { sweepIntervals } from './concurrency-sweep.ts';
import type { Dialect, DialectInput } from './dialect.ts';
import type { DialectRequest, DialectRequests } from './dialect-requests.ts';
import { PerSecond } from './per-second.ts';
import { labelled, labelledDecimals, rule } from './python-format.ts';
import { summarizeSamples } from './samples.ts';
import { firstKnown, known, totalsOf, type RequestTotals } from './totals.ts';

type Sample = 'TTFT' | 'TPOT' | 'ITL';

const SECTIONS: readonly (readonly [sample: Sample, title: string])[] = [
  ['TTFT', 'Time to First Token'],
  ['TPOT', 'Time per Output Token (excl. 1st token)'],
  ['ITL', 'Inter-token Latency'],
];

/**
 * `vllm bench serve` with its default choice of metrics (TTFT, TPOT, ITL) and percentiles (99). Formulas, labels and their order are facts of
 * vllm-project/vllm `vllm/benchmarks/serve.py`; which stamps it takes, of `vllm/benchmarks/lib/endpoint_request_func.py`.
 */
export const vllmDialect: Dialect = {
  name: 'vllm',
  tool: 'vllm bench serve',
  sources: [
    'vllm-project/vllm vllm/benchmarks/serve.py (009e6d4)',
    'vllm-project/vllm vllm/benchmarks/lib/endpoint_request_func.py (02cfb53)',
  ],
  differences: [
    {
      subject: 'TTFT',
      text: 'vLLM stops at the first event with a choice, even one with a role and no text; the record file, and this report, know the first content.',
    },
    {
      subject: 'TPOT',
      text: '(last token - first token) / (output tokens - 1) of requests with more than one token: AIPerf calls this inter_token_latency.',
    },
    {
      subject: 'ITL',
      text: 'vLLM pools all gaps between events of all requests, several tokens in one event being one gap: AIPerf calls this inter_chunk_latency; its inter_token_latency is one mean a request.',
    },
    {
      subject: 'ITL',
      text: 'vLLM counts the gap to a last event that has a finish reason and no text; only gaps between content are known here.',
    },
    {
      subject: 'Tokens',
      text: "vLLM takes the server's usage, and its own tokenizer without it; so does this report. AIPerf counts with the client's tokenizer unless told otherwise.",
    },
    {
      subject: 'Duration',
      text: "vLLM divides by the time from its first task to the end of the last response, failed ones too; AIPerf by first start to last content of requests that succeeded. vLLM's setting up of the first task is not known here.",
    },
    {
      subject: 'Peak output throughput',
      text: 'the fullest whole second since the first start, one event counted as one token.',
    },
    {
      subject: 'Successful requests',
      text: 'vLLM counts a stream that was cut off after its first event as successful; AIPerf, and this report, as failed. Cancelled requests, which vLLM does not have, are in no count.',
    },
    {
      subject: 'Missing values',
      text: 'vLLM prints 0.00 for a sample without values; AIPerf leaves it out.',
    },
    {
      subject: 'Without streaming',
      text: 'vLLM always streams; of a run without streaming its three latency sections do not exist and are left out.',
    },
  ],
  render: renderVllm,
};

async function renderVllm({ requests, load }: DialectInput): Promise<string> {
  const totals = await totalsOf(requests, { input: inputTokens, output: outputTokens });
  const { goodCount, failedCount, durationSec } = totals;
  const { peakTokens, peakRequests } = await peaks(requests, totals);
  const lines = [
    rule(' Serving Benchmark Result ', '='),
    labelled('Successful requests:', String(goodCount)),
    labelled('Failed requests:', String(failedCount)),
    ...(load.concurrency === undefined ? [] : [labelled('Maximum request concurrency:', String(load.concurrency))]),
    ...(load.requestRatePerSec === undefined
      ? []
      : [labelledDecimals('Request rate configured (RPS):', load.requestRatePerSec)]),
    labelledDecimals('Benchmark duration (s):', durationSec),
    labelled('Total input tokens:', String(totals.inputTokens)),
    labelled('Total generated tokens:', String(totals.outputTokens)),
    labelledDecimals('Request throughput (req/s):', goodCount / durationSec),
    labelledDecimals('Output token throughput (tok/s):', totals.outputTokens / durationSec),
    labelledDecimals('Peak output token throughput (tok/s):', peakTokens),
    labelledDecimals('Peak concurrent requests:', peakRequests),
    labelledDecimals('Total token throughput (tok/s):', (totals.inputTokens + totals.outputTokens) / durationSec),
  ];
  if (requests.isStreaming) {
    const samples = await summarizeSamples<Sample>(requests, emitSamples);
    for (const [sample, title] of SECTIONS) lines.push(...section(sample, title, samples[sample]));
  }
  return [...lines, '='.repeat(50), ''].join('\n');
}

function section(name: Sample, title: string, summary: Summary | undefined): string[] {
  const ms = (valueNs: number | undefined): number => (valueNs ?? 0) / 1e6;
  return [
    rule(title, '-'),
    labelledDecimals(`Mean ${name} (ms):`, ms(summary?.avg)),
    labelledDecimals(`Median ${name} (ms):`, ms(summary?.p50)),
    labelledDecimals(`P99 ${name} (ms):`, ms(summary?.p99)),
  ];
}

function emitSamples(request: DialectRequest, add: (key: Sample, valueNs: number) => void): void {
  if (!request.isGood) return;
  const { ttftNs, latencyNs, gapsNs, gapsFrom, gapsTo } = request;
  if (!Number.isNaN(ttftNs)) {
    add('TTFT', ttftNs);
    const tokens = outputTokens(request);
    if (tokens > 1) add('TPOT', (latencyNs - ttftNs) / (tokens - 1));
  }
  for (let i = gapsFrom; i < gapsTo; i++) add('ITL', gapsNs[i] ?? 0);
}

async function peaks(
  requests: DialectRequests,
  { firstGoodStartNs }: RequestTotals,
): Promise<{ readonly peakTokens: number; readonly peakRequests: number }> {
  const seconds = new PerSecond(firstGoodStartNs);
  await requests.visit((request) => {
    if (!request.isGood) return;
    const { startNs, latencyNs, ttftNs, gapsNs, gapsFrom, gapsTo } = request;
    let timeNs = startNs + firstKnown(ttftNs, latencyNs);
    seconds.add(timeNs);
    for (let i = gapsFrom; i < gapsTo; i++) {
      timeNs += gapsNs[i] ?? 0;
      seconds.add(timeNs);
    }
  }, true);
  let inFlight = 0;
  let peakRequests = 0;
  await sweepIntervals(
    requests,
    ({ isGood, startNs, latencyNs }) => (isGood ? { startNs, endNs: startNs + latencyNs } : undefined),
    (_, change) => {
      inFlight += change;
      peakRequests = Math.max(peakRequests, inFlight);
    },
  );
  return { peakTokens: seconds.max, peakRequests };
}

function inputTokens(request: DialectRequest): number {
  return known(firstKnown(request.usagePromptTokens, request.inputTokens));
}

function outputTokens(request: DialectRequest): number {
  return known(firstKnown(request.usageCompletionTokens, request.outputTokens));
}
