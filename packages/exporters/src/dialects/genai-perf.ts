import type { Summary } from '@aiperf/metrics/stats';
import { renderBoxTable } from '../box-table.ts';
import { groupedTwoDecimals } from '../number-format.ts';
import type { Dialect, DialectInput } from './dialect.ts';
import type { DialectRequest } from './dialect-requests.ts';
import { roundHalfEven } from './python-format.ts';
import { summarizeSamples } from './samples.ts';
import { firstKnown, known } from './totals.ts';

type Sample = 'ttft' | 'ttst' | 'latency' | 'itl' | 'perUser' | 'osl' | 'isl';

interface Row {
  readonly sample: Sample;
  /** Wider ones are wrapped before their unit. */
  readonly name: string;
  readonly isStreamingOnly: boolean;
  /** What a value of the sample is divided by to be printed. */
  readonly divisor: number;
}

const NS_PER_MS = 1e6;
const ROWS: readonly Row[] = [
  { sample: 'ttft', name: 'Time To First Token (ms)', isStreamingOnly: true, divisor: NS_PER_MS },
  { sample: 'ttst', name: 'Time To Second Token (ms)', isStreamingOnly: true, divisor: NS_PER_MS },
  { sample: 'latency', name: 'Request Latency (ms)', isStreamingOnly: false, divisor: NS_PER_MS },
  { sample: 'itl', name: 'Inter Token Latency (ms)', isStreamingOnly: true, divisor: NS_PER_MS },
  {
    sample: 'perUser',
    name: 'Output Token Throughput Per User\n(tokens/sec/user)',
    isStreamingOnly: true,
    divisor: 1,
  },
  { sample: 'osl', name: 'Output Sequence Length (tokens)', isStreamingOnly: false, divisor: 1 },
  { sample: 'isl', name: 'Input Sequence Length (tokens)', isStreamingOnly: false, divisor: 1 },
];
const STATISTICS = ['avg', 'min', 'max', 'p99', 'p90', 'p75'] as const;
const NOT_AVAILABLE = 'N/A';

/**
 * `genai-perf profile` (its phase-out notice names AIPerf as the successor). Formulas, rows and columns are facts of
 * triton-inference-server/perf_analyzer `genai-perf/genai_perf/`.
 */
export const genaiPerfDialect: Dialect = {
  name: 'genai-perf',
  tool: 'genai-perf profile',
  sources: [
    'triton-inference-server/perf_analyzer genai-perf/genai_perf/profile_data_parser/llm_profile_data_parser.py (263c5f6)',
    'triton-inference-server/perf_analyzer genai-perf/genai_perf/metrics/statistics.py (263c5f6)',
    'triton-inference-server/perf_analyzer genai-perf/genai_perf/export_data/console_exporter.py (263c5f6)',
  ],
  differences: [
    {
      subject: 'Time To First Token',
      text: 'reasoning is no content for GenAI-Perf, so that this is what AIPerf calls time_to_first_output_token; a request with nothing but reasoning is left out.',
    },
    {
      subject: 'Time To Second Token',
      text: 'GenAI-Perf joins events that came in one read into one response, so that this is the time to the next read with content; AIPerf takes the next event, which may share the read.',
    },
    {
      subject: 'Inter Token Latency',
      text: "AIPerf's formula, rounded to whole nanoseconds, over the tokens of the text without reasoning, and only of requests whose content came in more than one read.",
    },
    {
      subject: 'Output Token Throughput Per User',
      text: '1 / inter token latency of each request, as AIPerf, of the requests that have one.',
    },
    {
      subject: 'Sequence lengths',
      text: 'of the text by the tokenizer given to GenAI-Perf, reasoning not counted; AIPerf counts reasoning as output.',
    },
    {
      subject: 'Throughputs',
      text: 'over first start to last content of the requests with content, as AIPerf.',
    },
    {
      subject: 'Requests',
      text: 'GenAI-Perf reports the requests of a window in which its measurements were stable; this report has all that succeeded. Failed ones are in no row.',
    },
    {
      subject: 'Columns',
      text: 'avg, min, max, p99, p90, p75; AIPerf has p50 and std in place of p75. Both interpolate percentiles linearly.',
    },
  ],
  render: renderGenaiPerf,
};

async function renderGenaiPerf({ requests }: DialectInput): Promise<string> {
  let firstStartNs = Number.POSITIVE_INFINITY;
  let lastContentNs = Number.NEGATIVE_INFINITY;
  let outputTokens = 0;
  let goodCount = 0;
  await requests.visit((request) => {
    if (!request.isGood) return;
    goodCount++;
    if (!hasText(request)) return;
    firstStartNs = Math.min(firstStartNs, request.startNs);
    lastContentNs = Math.max(lastContentNs, request.startNs + request.latencyNs);
    outputTokens += textTokens(request);
  });
  const durationSec = (lastContentNs - firstStartNs) / 1e9;
  const samples = await summarizeSamples<Sample>(requests, emitSamples);
  const single = (name: string, value: number): string[] => [
    name,
    groupedTwoDecimals(value),
    ...STATISTICS.slice(1).map(() => NOT_AVAILABLE),
  ];
  const rows = ROWS.filter(({ isStreamingOnly }) => requests.isStreaming || !isStreamingOnly).map((row) =>
    [row.name].concat(STATISTICS.map((statistic) => cell(samples[row.sample], statistic, row.divisor))),
  );
  const table = {
    title: 'NVIDIA GenAI-Perf | LLM Metrics',
    columns: ['Statistic', ...STATISTICS].map((header) => ({ header, align: 'right' as const })),
    rows: [
      ...rows,
      single('Output Token Throughput (tokens/sec)', outputTokens / durationSec),
      single('Request Throughput (per sec)', goodCount / durationSec),
      single('Request Count (count)', samples.latency?.count ?? 0),
    ],
  };
  return [...renderBoxTable(table, Number.POSITIVE_INFINITY), ''].join('\n');
}

function cell(summary: Summary | undefined, statistic: (typeof STATISTICS)[number], divisor: number): string {
  return summary === undefined ? NOT_AVAILABLE : groupedTwoDecimals(summary[statistic] / divisor);
}

function emitSamples(request: DialectRequest, add: (key: Sample, value: number) => void): void {
  if (!request.isGood || !hasText(request)) return;
  const { latencyNs, inputTokens } = request;
  const tokens = textTokens(request);
  add('latency', latencyNs);
  add('osl', tokens);
  if (!Number.isNaN(inputTokens)) add('isl', inputTokens);
  const ttftNs = request.ttfoNs;
  if (Number.isNaN(ttftNs)) return;
  add('ttft', ttftNs);
  const secondNs = secondReadNs(request, ttftNs);
  if (Number.isNaN(secondNs)) return;
  add('ttst', secondNs);
  if (tokens <= 1) return;
  const itlNs = roundHalfEven((latencyNs - ttftNs) / (tokens - 1));
  if (itlNs === 0) return;
  add('itl', itlNs);
  add('perUser', 1e9 / itlNs);
}

/** Time from the first read with text to the next read with content. Events of one read have the same stamp: their gap is 0. */
function secondReadNs({ ttftNs, gapsNs, gapsFrom, gapsTo }: DialectRequest, firstNs: number): number {
  let timeNs = ttftNs;
  for (let i = gapsFrom; i < gapsTo; i++) {
    timeNs += gapsNs[i] ?? 0;
    if (timeNs > firstNs) return timeNs - firstNs;
  }
  return Number.NaN;
}

/** Without streaming there are no times to tell. */
function hasText(request: DialectRequest): boolean {
  return textTokens(request) > 0 && !(Number.isNaN(request.ttfoNs) && !Number.isNaN(request.ttftNs));
}

function textTokens(request: DialectRequest): number {
  return known(firstKnown(request.textTokens, request.outputTokens));
}
