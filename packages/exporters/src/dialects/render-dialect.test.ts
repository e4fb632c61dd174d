import { describe, expect, test } from 'vitest';
import { HAND_MADE, IN_UTC, madeRun } from '../testing/dialect-run.ts';
import { DIALECT_NAMES, type DialectName } from './dialect-names.ts';
import { DIALECTS, renderDialect } from './render-dialect.ts';

/** The tool's part of the text, without the differences. */
async function reportOf(name: DialectName, ...made: Parameters<typeof madeRun>): Promise<string> {
  await using run = await madeRun(...made);
  const [report = ''] = (await renderDialect(run, name, IN_UTC)).split('\nWhere ');
  return report;
}

/** As Python pads a value to ten characters. */
function withoutTrailing(text: string): string {
  return text.replaceAll(/ +$/gmu, '');
}

/*
 * All numbers are computed by hand from HAND_MADE. First start 100 ms, last end 1,300 ms: 1.2 s. A: latency 100 of 110 ms, TTFT 50, gaps 20, 0,
 * 30. B: latency 300 of 310, TTFT 100, gaps 100, 100. C: latency 30 of 40, TTFT 30.
 */
const VLLM = `============ Serving Benchmark Result ============
Successful requests:                     3
Failed requests:                         2
Maximum request concurrency:             2
Benchmark duration (s):                  1.20
Total input tokens:                      62
Total generated tokens:                  9
Request throughput (req/s):              2.50
Output token throughput (tok/s):         7.50
Peak output token throughput (tok/s):    7.00
Peak concurrent requests:                2.00
Total token throughput (tok/s):          59.17
---------------Time to First Token----------------
Mean TTFT (ms):                          60.00
Median TTFT (ms):                        50.00
P99 TTFT (ms):                           99.00
-----Time per Output Token (excl. 1st token)------
Mean TPOT (ms):                          56.25
Median TPOT (ms):                        56.25
P99 TPOT (ms):                           99.12
---------------Inter-token Latency----------------
Mean ITL (ms):                           50.00
Median ITL (ms):                         30.00
P99 ITL (ms):                            100.00
==================================================
`;

const SGLANG = `
============ Serving Benchmark Result ============
Backend:                                 sglang-oai-chat
Traffic request rate:                    inf
Max request concurrency:                 2
Successful requests:                     3
Benchmark duration (s):                  1.20
Total input tokens:                      60
Total input text tokens:                 60
Total generated tokens:                  10
Total generated tokens (retokenized):    8
Request throughput (req/s):              2.50
Input token throughput (tok/s):          50.00
Output token throughput (tok/s):         8.33
Peak output token throughput (tok/s):    7.00
Peak concurrent requests:                2
Total token throughput (tok/s):          58.33
Concurrency:                             0.38
----------------End-to-End Latency----------------
Mean E2E Latency (ms):                   153.33
Median E2E Latency (ms):                 110.00
P90 E2E Latency (ms):                    270.00
P95 E2E Latency (ms):                    290.00
P99 E2E Latency (ms):                    306.00
---------------Time to First Token----------------
Mean TTFT (ms):                          60.00
Median TTFT (ms):                        50.00
P90 TTFT (ms):                           90.00
P95 TTFT (ms):                           95.00
P99 TTFT (ms):                           99.00
-----Time per Output Token (excl. 1st token)------
Mean TPOT (ms):                          42.50
Median TPOT (ms):                        42.50
P90 TPOT (ms):                           64.50
P95 TPOT (ms):                           67.25
P99 TPOT (ms):                           69.45
---------------Inter-Token Latency----------------
Mean ITL (ms):                           50.00
Median ITL (ms):                         30.00
P90 ITL (ms):                            100.00
P95 ITL (ms):                            100.00
P99 ITL (ms):                            100.00
Max ITL (ms):                            100.00
==================================================
`;

const GENAI_PERF = `                               NVIDIA GenAI-Perf | LLM Metrics
┏━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┳━━━━━━━━┳━━━━━━━┳━━━━━━━━┳━━━━━━━━┳━━━━━━━━┳━━━━━━━━┓
┃                            Statistic ┃    avg ┃   min ┃    max ┃    p99 ┃    p90 ┃    p75 ┃
┡━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━╇━━━━━━━━╇━━━━━━━╇━━━━━━━━╇━━━━━━━━╇━━━━━━━━╇━━━━━━━━┩
│             Time To First Token (ms) │  60.00 │ 30.00 │ 100.00 │  99.00 │  90.00 │  75.00 │
│            Time To Second Token (ms) │  60.00 │ 20.00 │ 100.00 │  99.20 │  92.00 │  80.00 │
│                 Request Latency (ms) │ 143.33 │ 30.00 │ 300.00 │ 296.00 │ 260.00 │ 200.00 │
│             Inter Token Latency (ms) │  58.33 │ 16.67 │ 100.00 │  99.17 │  91.67 │  79.17 │
│     Output Token Throughput Per User │  35.00 │ 10.00 │  60.00 │  59.50 │  55.00 │  47.50 │
│                    (tokens/sec/user) │        │       │        │        │        │        │
│      Output Sequence Length (tokens) │   2.67 │  1.00 │   4.00 │   3.98 │   3.80 │   3.50 │
│       Input Sequence Length (tokens) │  20.00 │ 10.00 │  30.00 │  29.80 │  28.00 │  25.00 │
│ Output Token Throughput (tokens/sec) │   7.77 │   N/A │    N/A │    N/A │    N/A │    N/A │
│         Request Throughput (per sec) │   2.91 │   N/A │    N/A │    N/A │    N/A │    N/A │
│                Request Count (count) │   3.00 │   N/A │    N/A │    N/A │    N/A │    N/A │
└──────────────────────────────────────┴────────┴───────┴────────┴────────┴────────┴────────┘
`;

const GUIDELLM = `

ℹ Run Summary Info
|==============|==========|==========|=====|======|======|======|=====|=====|======|=====|=====|======|=====|=====|
| Benchmark    | Timings                             ||||| Requests       ||| Input Tokens   ||| Output Tokens  |||
| Strategy     | Start    | End      | Dur | Warm | Cool | Comp | Inc | Err | Comp | Inc | Err | Comp | Inc | Err |
|              |          |          | Sec | Sec  | Sec  | Tot  | Tot | Tot | Tot  | Tot | Tot | Tot  | Tot | Tot |
|--------------|----------|----------|-----|------|------|------|-----|-----|------|-----|-----|------|-----|-----|
| concurrent@2 | 12:00:00 | 12:00:01 | 1.2 | 0.0  | 0.0  | 3    | 1   | 2   | 62.0 | 0.0 | 0.0 | 9.0  | 1.0 | 2.0 |
|==============|==========|==========|=====|======|======|======|=====|=====|======|=====|=====|======|=====|=====|


ℹ Request Token Statistics (Completed Requests)
|==============|======|======|======|======|======|======|=======|======|=========|========|
| Benchmark    | Input Tok  || Output Tok || Total Tok  || Stream Iter || Output Tok      ||
| Strategy     | Per Req    || Per Req    || Per Req    || Per Req     || Per Stream Iter ||
|              | Mdn  | p95  | Mdn  | p95  | Mdn  | p95  | Mdn   | p95  | Mdn     | p95    |
|--------------|------|------|------|------|------|------|-------|------|---------|--------|
| concurrent@2 | 20.0 | 30.0 | 3.0  | 5.0  | 23.0 | 31.0 | --    | --   | 1.0     | 1.3    |
|==============|======|======|======|======|======|======|=======|======|=========|========|


ℹ Request Latency Statistics (Completed Requests)
|==============|===========|=====|======|=============|======|========|=============|======|========|======|======|=======|======|======|=======|
| Benchmark    | Request Latency      ||| TTFT                      ||| TTFOT                     ||| ITL               ||| TPOT              |||
| Strategy     | Sec                  ||| ms                        ||| ms                        ||| ms                ||| ms                |||
|              | Mean      | Mdn | p95  | Mean        | Mdn  | p95    | Mean        | Mdn  | p95    | Mean | Mdn  | p95   | Mean | Mdn  | p95   |
|--------------|-----------|-----|------|-------------|------|--------|-------------|------|--------|------|------|-------|------|------|-------|
| concurrent@2 | 0.2 ± 0.3 | 0.1 | 0.3* | 60.0 ± 89.6 | 50.0 | 100.0* | 60.0 ± 89.6 | 50.0 | 100.0* | 41.7 | 12.5 | 100.0 | 47.8 | 20.0 | 100.0 |
|==============|===========|=====|======|=============|======|========|=============|======|========|======|======|=======|======|======|=======|
* confidence interval unavailable at this sample size


ℹ Server Throughput Statistics (All Requests)
|==============|=======|======|=========|==============|===============|==============|
| Benchmark    | Requests             ||| Input Tokens | Output Tokens | Total Tokens |
| Strategy     | Concurrency || Per Sec | Per Sec      | Per Sec       | Per Sec      |
|              | Mdn   | Mean | Mean                                               ||||
|--------------|-------|------|---------|--------------|---------------|--------------|
| concurrent@2 | 0.0   | 0.6  | 5.0     | 51.7         | 10.0          | 61.7         |
|==============|=======|======|=========|==============|===============|==============|
`;

describe('what the tools print for the same requests', () => {
  test.for<[DialectName, string]>([
    ['vllm', VLLM],
    ['sglang', SGLANG],
    ['genai-perf', GENAI_PERF],
    ['guidellm', GUIDELLM],
  ])('%s, the whole text', async ([name, expected], { expect }) => {
    expect(withoutTrailing(await reportOf(name, HAND_MADE))).toBe(expected);
  });
});

describe('runs of another kind', () => {
  test('without streaming: no time to a first token, or what the tool makes of that', async () => {
    const requests = [
      { startMs: 0, endMs: 110, latencyMs: 110, inputTokens: 10, outputTokens: 11, requestedTokens: 11 },
      { startMs: 0, endMs: 990, latencyMs: 990, inputTokens: 10, outputTokens: 9, requestedTokens: 9 },
    ];
    const options = { isStreaming: false };
    const vllm = await reportOf('vllm', requests, options);
    expect(vllm).toContain('Output token throughput (tok/s):         20.20');
    expect(vllm).not.toMatch(/TTFT|TPOT|ITL/u);
    const sglang = await reportOf('sglang', requests, options);
    expect(sglang).toContain('Mean E2E Latency (ms):                   550.00');
    expect(sglang).toContain('Mean TTFT (ms):                          550.00');
    expect(sglang).toContain('Max ITL (ms):                            0.00');
    const genai = await reportOf('genai-perf', requests, options);
    expect(genai).toContain('│                 Request Latency (ms) │ 550.00 │ 110.00 │ 990.00 │');
    expect(genai).not.toMatch(/Token \(ms\)|Inter Token|Per User/u);
    const guidellm = await reportOf('guidellm', requests, options);
    expect(guidellm).toContain('| 0.0  | 0.0 | 0.0 | 0.0  | 0.0 | 0.0 | 0.0  | 0.0 | 0.0 |');
    // 110 ms / 11 tokens and 990 ms / 9 tokens, weighed by tokens: 1,100 ms / 20.
    expect(guidellm).toContain('| 55.0 | 10.0 | 110.0 |');
  });

  test('with reasoning: GenAI-Perf begins at the text, and leaves out what has none', async () => {
    const requests = [
      {
        startMs: 0,
        endMs: 200,
        ttftMs: 10,
        ttfoMs: 60,
        latencyMs: 200,
        gapsMs: [50, 0, 140],
        inputTokens: 1,
        outputTokens: 5,
        textTokens: 3,
        events: 4,
      },
      {
        startMs: 0,
        endMs: 20,
        ttftMs: 10,
        latencyMs: 10,
        gapsMs: [],
        inputTokens: 1,
        outputTokens: 2,
        textTokens: 0,
        events: 1,
      },
    ];
    const genai = await reportOf('genai-perf', requests, { hasReasoning: true });
    expect(genai).toContain('│             Time To First Token (ms) │  60.00 │');
    expect(genai).toContain('│            Time To Second Token (ms) │ 140.00 │');
    expect(genai).toContain('│             Inter Token Latency (ms) │  70.00 │');
    expect(genai).toContain('│      Output Sequence Length (tokens) │   3.00 │');
    expect(genai).toContain('│                Request Count (count) │   1.00 │');
    const guidellm = await reportOf('guidellm', requests, { hasReasoning: true });
    expect(guidellm).toContain('| 10.0 ± 0.0 | 10.0 | 10.0* | 60.0 | 60.0 | 60.0 |');
    expect(await reportOf('vllm', requests, { hasReasoning: true })).toContain(
      'Mean TTFT (ms):                          10.00',
    );
  });

  test.for<[string, object, string, string, string]>([
    [
      'a rate of Poisson arrivals with a limit',
      { mode: 'request_rate', arrivalPattern: 'poisson', requestRatePerSec: 12.5, concurrency: 64 },
      'Request rate configured (RPS):           12.50',
      '12.5',
      '| poisson@12.50 |',
    ],
    [
      'a whole rate of constant arrivals',
      { mode: 'request_rate', arrivalPattern: 'constant', requestRatePerSec: 20 },
      'Request rate configured (RPS):           20.00',
      '20.0',
      '| constant@20.00 |',
    ],
    [
      'a recorded schedule',
      { mode: 'fixed_schedule', arrivalPattern: 'constant' },
      'Failed requests: ',
      'trace',
      '| trace@1.00 |',
    ],
    [
      'users, which the tools do not have',
      { mode: 'user_centric', arrivalPattern: 'constant', requestRatePerSec: 2 },
      'Request rate configured (RPS):           2.00',
      '2.0',
      '| user_centric@2.00 |',
    ],
  ])('%s', async ([, phase, vllm, sglang, guidellm], { expect }) => {
    expect(await reportOf('vllm', HAND_MADE, { phase })).toContain(vllm);
    expect(await reportOf('sglang', HAND_MADE, { phase })).toContain(
      `Traffic request rate:                    ${sglang.padEnd(10)}\n`,
    );
    expect(await reportOf('guidellm', HAND_MADE, { phase })).toContain(guidellm);
  });

  test('completions are another backend of sglang', async () => {
    const text = withoutTrailing(await reportOf('sglang', HAND_MADE, { endpointType: 'completions' }));
    expect(text).toMatch(/^Backend: +sglang-oai$/mu);
  });

  test.for(DIALECT_NAMES)('%s: nothing to report is an error', async (name, { expect }) => {
    await using failed = await madeRun([{ startMs: 0, endMs: 5 }, { wasCancelled: true }]);
    await expect(renderDialect(failed, name)).rejects.toMatchObject({
      code: 'AIPERF_EXPORT_NOT_RECORDED',
      message: expect.stringContaining('no request of') as string,
    });
    await using embeddings = await madeRun(HAND_MADE, { generatesText: false });
    await expect(renderDialect(embeddings, name)).rejects.toMatchObject({
      code: 'AIPERF_EXPORT_NOT_RECORDED',
      message: expect.stringContaining('generate text') as string,
    });
  });

  test.for(DIALECTS)('$name: every difference is one line below', async (dialect, { expect }) => {
    await using run = await madeRun(HAND_MADE);
    const text = await renderDialect(run, dialect.name);
    const [, below = ''] = text.split(`\nWhere ${dialect.tool} counts otherwise than AIPerf:\n`);
    expect(below.trimEnd().split('\n')).toEqual(
      dialect.differences.map(({ subject, text: line }) => `- ${subject}: ${line}`),
    );
    expect(dialect.differences.length).toBeGreaterThan(5);
    expect(dialect.sources.length).toBeGreaterThan(0);
  });
});
