import { describe, expect, test } from 'vitest';
import { describeConfig } from './describe-config.ts';
import { parseProfileArguments } from './parse-profile-arguments.ts';

function describeLine(line: string): Record<string, unknown> {
  const result = parseProfileArguments(line.split(' '), { isTty: false });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return describeConfig(result.config, result.given);
}

describe('describeConfig', () => {
  test('a run with warm-up has the shape and key order of AIPerf', () => {
    const description = describeLine(
      '--tokenizer TOKENIZER_DIR --artifact-dir /RUN_DIR --model smollm2-135m --url http://127.0.0.1:18201 --endpoint-type chat ' +
        '--streaming --concurrency 4 --request-count 24 --warmup-request-count 4 --isl 64 --osl 24 --random-seed 42 --ui none',
    );
    const concurrency = { type: 'concurrency' };
    const expected = {
      models: { items: [{ name: 'smollm2-135m' }] },
      endpoint: { urls: ['http://127.0.0.1:18201'], type: 'chat', streaming: true },
      datasets: [
        {
          name: 'main',
          type: 'synthetic',
          entries: 24,
          random_seed: 42,
          prompts: { isl: { mean: 64 }, osl: { mean: 24 } },
        },
      ],
      phases: [
        { name: 'warmup', kind: 'warmup', ...concurrency, exclude_from_results: true, requests: 4, concurrency: 4 },
        { name: 'profiling', kind: 'profiling', ...concurrency, requests: 24, concurrency: 4 },
      ],
      artifacts: { dir: '/RUN_DIR', records: ['jsonl'], raw: false, auto_plot: false, plot_required: false },
      tokenizer: { name: 'TOKENIZER_DIR' },
      gpu_telemetry: { enabled: false },
      server_metrics: { enabled: false },
      network_latency: { enabled: false },
      otel: {},
      mlflow: {},
      wandb: {},
      runtime: { ui: 'none' },
    };
    // As text: the order of keys is part of the shape.
    expect(JSON.stringify(description, null, 1)).toBe(JSON.stringify(expected, null, 1));
  });

  test('a rate, a duration and what is seldom given', () => {
    const description = describeLine(
      '-m a,b --no-streaming --request-rate 12 --concurrency 9 --benchmark-duration 30s --benchmark-grace-period inf --isl-stddev 2 ' +
        '--endpoint /v2 --request-timeout-seconds 5 --connection-reuse-strategy never --header X-A:1 --extra-inputs min_tokens:5 --export-level summary',
    );
    expect(description).toMatchObject({
      models: { items: [{ name: 'a' }, { name: 'b' }] },
      endpoint: {
        urls: ['http://localhost:8000'],
        path: '/v2',
        timeout: 5,
        streaming: false,
        connection_reuse: 'never',
        headers: { 'X-A': '1' },
        extra: { min_tokens: 5 },
      },
      datasets: [{ prompts: { isl: { mean: 550, stddev: 2 } } }],
      artifacts: { records: false },
    });
    expect(description['phases']).toEqual([
      {
        name: 'profiling',
        kind: 'profiling',
        type: 'poisson',
        duration: 30,
        rate: 12,
        concurrency: 9,
        grace_period: 'inf',
      },
    ]);
  });

  test('without any load option it names what is run: 10 requests, one at a time', () => {
    expect(describeLine('-m x')['phases']).toEqual([
      { name: 'profiling', kind: 'profiling', type: 'concurrency', requests: 10, concurrency: 1 },
    ]);
  });

  test('conversations, cancellations, objectives and files, in the order of AIPerf', () => {
    const description = describeLine(
      '-m x --streaming --concurrency 3 --conversation-num 12 --conversation-turn-mean 2 --conversation-turn-stddev 1 ' +
        '--conversation-turn-delay-mean 100 --isl 40 --osl 12 --random-seed 9 --export-level raw --export-outputs-json ' +
        '--request-cancellation-rate 15 --request-cancellation-delay 0.1 --goodput request_latency:300 time_to_first_token:60 ' +
        '--slice-duration 1 --export-http-trace --show-trace-timing --profile-export-prefix foo --artifact-dir /RUN_DIR ' +
        '--network-latency-automatic',
    );
    expect(JSON.stringify(description['datasets'])).toBe(
      JSON.stringify([
        {
          name: 'main',
          type: 'synthetic',
          entries: 12,
          random_seed: 9,
          prompts: { isl: { mean: 40 }, osl: { mean: 12 } },
          turns: { mean: 2, stddev: 1 },
          turn_delay: { mean: 100, stddev: 0 },
        },
      ]),
    );
    expect(JSON.stringify(description['phases'])).toBe(
      JSON.stringify([
        {
          name: 'profiling',
          kind: 'profiling',
          type: 'concurrency',
          sessions: 12,
          concurrency: 3,
          cancellation: { rate: 15, delay: 0.1 },
        },
      ]),
    );
    expect(JSON.stringify(description['artifacts'])).toBe(
      JSON.stringify({
        dir: '/RUN_DIR',
        prefix: 'foo',
        records: ['jsonl'],
        raw: true,
        trace: true,
        slice_duration: 1,
        show_trace_timing: true,
        auto_plot: false,
        plot_required: false,
        export_outputs_json: true,
      }),
    );
    expect(description).toMatchObject({
      slos: { request_latency: 300, time_to_first_token: 60 },
      network_latency: { enabled: true },
    });
    expect(Object.keys(description).slice(3, 6)).toEqual(['phases', 'artifacts', 'slos']);
  });

  test('a warm-up shows what it fell back to', () => {
    expect(
      describeLine(
        '-m x --request-rate 50 --arrival-smoothness 2 --request-rate-ramp-duration 3 --warmup-duration 5 --warmup-grace-period 1 ' +
          '--benchmark-duration 9 --send-lag-limit 20ms',
      )['phases'],
    ).toEqual([
      {
        name: 'warmup',
        kind: 'warmup',
        type: 'gamma',
        exclude_from_results: true,
        duration: 5,
        rate: 50,
        smoothness: 2,
        rate_ramp: 3,
        grace_period: 1,
      },
      {
        name: 'profiling',
        kind: 'profiling',
        type: 'gamma',
        duration: 9,
        rate: 50,
        smoothness: 2,
        rate_ramp: 3,
        send_lag_limit: 0.02,
      },
    ]);
  });
});
