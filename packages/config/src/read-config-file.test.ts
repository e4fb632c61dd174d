import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeConfig } from './describe-config.ts';
import { loadProfileConfig } from './load-config.ts';
import { parseProfileArguments, type ParseResult } from './parse-profile-arguments.ts';
import { parseConfigFile } from './read-config-file.ts';
import type { UserConfig } from './user-config.ts';

function parse(text: string, line = ''): ParseResult {
  const argv = line === '' ? [] : line.split(' ');
  return parseProfileArguments(argv, { isTty: false, file: parseConfigFile('run.yaml', text) });
}

function configOf(text: string, line = ''): UserConfig {
  const result = parse(text, line);
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.config;
}

function messagesOf(text: string, line = ''): string[] {
  const result = parse(text, line);
  return result.ok ? [] : result.problems.map(({ message }) => message);
}

const MODEL = 'endpoint: {model: x, streaming: true}\n';
const PHASE = 'name: a, kind: profiling';

describe('sections', () => {
  test.for([
    ['endpoint: {model: x}', '-m x'],
    ['endpoint:\n  model_names: [x, y]\n  url: [http://a, http://b]', '-m x -m y -u http://a http://b'],
    ['endpoint: {modelNames: x, endpointType: CHAT, streaming: true}', '-m x --endpoint-type chat --streaming'],
    ['endpoint: {model: 7, request-timeout-seconds: 500ms}', '-m 7 --request-timeout-seconds 500ms'],
    ['endpoint: {model: x}\nprompt: {isl: 1_000, osl: 5, osl_stddev: 1.5}', '-m x --isl 1000 --osl 5 --osl-stddev 1.5'],
    [
      'endpoint: {model: x}\nload: {request_rate: 5, benchmark_duration: 2m, benchmark_grace_period: .inf}',
      '-m x --request-rate 5 --benchmark-duration 2m --benchmark-grace-period inf',
    ],
    ['endpoint: {model: x}\nwarmup: {num_warmup_requests: 3}', '-m x --warmup-request-count 3'],
    ['endpoint: {model: x}\ninput: {extra_inputs: {a: 1, b: {c: [2]}}}', '-m x --extra-inputs {"a":1,"b":{"c":[2]}}'],
    ['endpoint: {model: x}\ninput: {header: ["X-A:1", "X-B:2"]}', '-m x -H X-A:1 X-B:2'],
    ['endpoint: {model: x}\ninput: {header: {X-A: 1}}', '-m x -H X-A:1'],
    ['endpoint: {model: x}\nmetrics: {goodput: {a: 1.5, b: 2}}', '-m x --goodput a:1.5 b:2'],
    ['endpoint: {model: x}\noutput: {export_format: "arrow,parquet"}', '-m x --export-format arrow,parquet'],
    ['endpoint: &e {model: x}\nprompt: {isl: &i 5, osl: *i}', '-m x --isl 5 --osl 5'],
    ['endpoint: {model: x}\ninput: {random_seed: 9007199254740991}', '-m x --random-seed 9007199254740991'],
  ] as const)('%j is "%s"', ([text, line]) => {
    expect(configOf(text)).toEqual(configOf('{}', line));
  });

  test.for([
    [
      'endpoint: {model: x}\nload: {request_rate: 5, duration: 2m}',
      'run.yaml:2:25 load.duration: there is no such option.',
    ],
    [
      'endpoint: {model: x}\nconversation:\nservice: {ui: none}',
      'run.yaml:2:1 conversation: expected a mapping of options, found something else.',
    ],
    ['name: &n x\nendpoint: {model: x}', 'run.yaml:1:1 name: there is no such section.'],
    [
      'endpoint: {model: &n x, tokenizer: 1}',
      'run.yaml:1:25 endpoint.tokenizer: there is no such option. It belongs to the section tokenizer.',
    ],
  ] as const)('%j is refused', ([text, message]) => {
    expect(messagesOf(text)).toEqual([message]);
  });

  test('what is typed goes before the file', () => {
    const text = 'endpoint: {model: x, url: [http://a, http://b]}\nload: {concurrency: 4, request_count: 9}';
    const config = configOf(text, '--concurrency 2 --url http://c');
    expect(config.endpoint).toMatchObject({ modelNames: ['x'], urls: ['http://c'] });
    expect(config.phases).toMatchObject([{ concurrency: 2, requestCount: 9 }]);
  });

  test('what the file gives counts as given', () => {
    const result = parse(`${MODEL}phases: [{${PHASE}, requests: 3, grace_period: 4, duration: 5}]`);
    expect(result.ok && describeConfig(result.config, result.given)).toMatchObject({
      endpoint: { streaming: true },
      phases: [{ name: 'a', type: 'concurrency', requests: 3, duration: 5, concurrency: 1, grace_period: 4 }],
    });
  });
});

describe('phases', () => {
  test.for<[string, object]>([
    ['requests: 3', { mode: 'concurrency', concurrency: 1, requestCount: 3, gracePeriodSec: 30, seamless: false }],
    ['type: concurrency, concurrency: 4, sessions: 3', { mode: 'concurrency', concurrency: 4, sessionCount: 3 }],
    [
      'rate: 3, duration: 1m',
      { mode: 'request_rate', arrivalPattern: 'poisson', requestRatePerSec: 3, durationSec: 60 },
    ],
    ['request_rate: 3, request_count: 3', { mode: 'request_rate', requestRatePerSec: 3, requestCount: 3 }],
    ['requestRate: 3, requestCount: 3', { mode: 'request_rate', requestRatePerSec: 3, requestCount: 3 }],
    ['type: constant, rate: 3, requests: 3', { mode: 'request_rate', arrivalPattern: 'constant' }],
    ['type: gamma, rate: 3, requests: 3', { arrivalPattern: 'gamma', arrivalSmoothness: 1 }],
    ['smoothness: 2, rate: 3, requests: 3', { arrivalPattern: 'gamma', arrivalSmoothness: 2 }],
    ['arrival_pattern: constant, rate: 3, requests: 3', { mode: 'request_rate', arrivalPattern: 'constant' }],
    ['type: concurrency_burst, concurrency: 3, requests: 3', { mode: 'concurrency', concurrency: 3 }],
    [
      'rate_series: [{time_s: 0, qps: 1}, {time_s: 2, qps: 9}], requests: 3',
      {
        mode: 'request_rate',
        requestRateSeries: [
          { timeSec: 0, ratePerSec: 1 },
          { timeSec: 2, ratePerSec: 9 },
        ],
      },
    ],
    [
      'type: user-centric, rate: 3, users: 2, requests: 3',
      { mode: 'user_centric', requestRatePerSec: 3, userCount: 2 },
    ],
    ['rate: 3, num_users: 2, requests: 3', { mode: 'user_centric', userCount: 2 }],
    ['concurrency: 4, concurrency_ramp: 2s, requests: 3', { concurrencyRamp: { durationSec: 2, shape: 'linear' } }],
    [
      'concurrency: 4, prefill_concurrency: 2, prefill_ramp: {duration: 2, shape: poisson}, requests: 3',
      { prefillConcurrency: 2, prefillConcurrencyRamp: { durationSec: 2, shape: 'poisson' } },
    ],
    [
      'rate: 4, request_rate_ramp: {duration: 500ms, shape: exponential}, requests: 3',
      { requestRateRamp: { durationSec: 0.5, shape: 'exponential' } },
    ],
    ['cancellation: {rate: 5}, requests: 3', { cancellation: { ratePercent: 5, delaySec: 0 } }],
    ['cancellation: {rate: 5, delay: 0.5}, requests: 3', { cancellation: { ratePercent: 5, delaySec: 0.5 } }],
    ['rate: 4, send_lag_limit: 5ms, requests: 3', { sendLagLimitMs: 5 }],
  ])('{%s}', ([fields, expected]) => {
    const text = `${MODEL}conversation: {session_turns_mean: 2}\nphases:\n  - {${PHASE}, ${fields}}`;
    expect(configOf(text).phases).toMatchObject([{ name: 'a', kind: 'profiling', ...(expected as object) }]);
  });

  const two = `${MODEL}phases:\n  - {name: w, kind: warmup, requests: 2}\n  - {${PHASE}, requests: 3}\n`;

  test('an option goes to the one phase of its kind', () => {
    expect(configOf(two, '--concurrency 5 --warmup-concurrency 6').phases).toMatchObject([
      { name: 'w', concurrency: 6, requestCount: 2, gracePeriodSec: Number.POSITIVE_INFINITY },
      { name: 'a', concurrency: 5, requestCount: 3 },
    ]);
  });

  test('an option may change what drives a phase, unless its type says that', () => {
    expect(configOf(two, '--request-rate 5').phases[1]).toMatchObject({ mode: 'request_rate', requestRatePerSec: 5 });
    expect(messagesOf(`${MODEL}phases:\n  - {${PHASE}, requests: 3, type: concurrency}`, '--request-rate 5')).toEqual([
      '--request-rate and run.yaml:3:45 type: expected one of the two, found both, since the type is concurrency.',
    ]);
  });

  test.for([
    [
      `${MODEL}phases:\n  - {${PHASE}, requests: 3}\n  - {name: b, kind: profiling, requests: 3}`,
      '--concurrency 5',
      '--concurrency: expected one profiling phase in the file, found 2, so that the option cannot be applied to the phases of the file.',
    ],
    [
      `${MODEL}phases:\n  - {${PHASE}, requests: 3}`,
      '--warmup-request-count 5',
      '--warmup-request-count: expected one warmup phase in the file, found none, so that the option cannot be applied to the phases of the file.',
    ],
    [`${MODEL}phases:\n  - {${PHASE}, requests: 3}`, '--no-fixed-schedule', undefined],
    [
      `${MODEL}phases:\n  - {${PHASE}, type: poisson, rate: 3, requests: 3}`,
      '--user-centric-rate 5',
      '--user-centric-rate: expected a phase of type user_centric, found run.yaml:3:32 type, so that the option cannot be applied to the phases of the file.',
    ],
  ] as const)('%s with %s', ([text, line, message]) => {
    expect(messagesOf(text, line)).toEqual(message === undefined ? [] : [message]);
  });
});

describe('problems', () => {
  test.for<[string, string | RegExp | readonly string[]]>([
    [`${MODEL}lod: {}`, 'run.yaml:2:1 lod: there is no such section. Did you mean load?'],
    ['model: x', 'run.yaml:1:1 model: there is no such section. It belongs to the section endpoint.'],
    [`${MODEL}prompt: {isll: 5}`, 'run.yaml:2:10 prompt.isll: there is no such option. Did you mean isl?'],
    [
      `${MODEL}prompt: {concurrency: 5}`,
      'run.yaml:2:10 prompt.concurrency: there is no such option. It belongs to the section load.',
    ],
    [`${MODEL}prompt: {isl: 0}`, 'run.yaml:2:10 prompt.isl: expected an integer of at least 1, found "0".'],
    [`${MODEL}prompt: {isl: many}`, 'run.yaml:2:10 prompt.isl: expected an integer of at least 1, found "many".'],
    [`${MODEL}prompt: {isl: }`, 'run.yaml:2:10 prompt.isl: expected one value, found nothing.'],
    [`${MODEL}prompt: {isl: {a: 1}}`, 'run.yaml:2:10 prompt.isl: expected one value, found something else.'],
    [
      `${MODEL}prompt: {isl: [5, 6]}`,
      'run.yaml:2:10 prompt.isl: expected an integer of at least 1, found "5,6", and a list of values to sweep over is not supported by this version.',
    ],
    [
      `${MODEL}prompt: {isl: 5, prompt_input_tokens_mean: 6}`,
      'run.yaml:2:10 prompt.isl and run.yaml:2:18 prompt.prompt_input_tokens_mean: the same option given 2 times; give it once.',
    ],
    [`${MODEL}prompt: 5`, 'run.yaml:2:1 prompt: expected a mapping of options, found something else.'],
    [`${MODEL}input: {config: other.yaml}`, /config: there is no such option/u],
    [
      `${MODEL}prompt: {osl_stddev: 3}`,
      'run.yaml:2:10 prompt.osl_stddev: expected --osl beside it, found no --osl, without which it has no effect.',
    ],
    [
      `${MODEL}load: {concurrency: 2}\nphases: [{${PHASE}, requests: 3}]`,
      'run.yaml:3:1 phases and run.yaml:2:1 load: expected the load in the list of phases, or in options, found both.',
    ],
    [`${MODEL}phases: []`, 'run.yaml:2:1 phases: expected a list of phases, found an empty one.'],
    [`${MODEL}phases: 5`, 'run.yaml:2:1 phases: expected a list of phases, found something else.'],
    [`${MODEL}phases: [5]`, 'run.yaml:2:10 phases[0]: expected a mapping of fields, found something else.'],
    [
      `${MODEL}phases: [{name: w, kind: warmup, requests: 3}]`,
      'run.yaml:2:1 phases: expected at least one phase of kind profiling, found none.',
    ],
    [
      `${MODEL}phases:\n  - {${PHASE}, requests: 3}\n  - {${PHASE}, requests: 3}`,
      'run.yaml:3:5 phases[0] and run.yaml:4:5 phases[1]: expected a name of its own, found "a".',
    ],
    [
      `${MODEL}phases: [{${PHASE}, requests: 3, seamless: true}]`,
      'run.yaml:2:10 phases[0]: expected a phase after a seamless one, found the last one.',
    ],
    [
      `${MODEL}phases: [{requests: 3}]`,
      [
        'run.yaml:2:10 phases[0]: expected a name for the phase, found none.',
        'run.yaml:2:10 phases[0]: expected a kind of warmup or profiling, found none.',
      ],
    ],
    [
      `${MODEL}phases: [{name: a/b, kind: profilng, type: poison, requets: 3}]`,
      [
        'run.yaml:2:52 requets: a phase has no such field. Did you mean requests?',
        'run.yaml:2:11 name: expected a name of letters, digits, _, . and -, found "a/b".',
        'run.yaml:2:22 kind: expected one of warmup, profiling, found "profilng". Did you mean profiling?',
        'run.yaml:2:38 type: expected one of concurrency, concurrency_burst, constant, poisson, gamma, fixed_schedule, user_centric, found "poison". Did you mean poisson?',
      ],
    ],
    [
      `${MODEL}phases: [{${PHASE}}]`,
      'run.yaml:2:10 phases[0]: expected an end: one of requests, sessions, duration, found none.',
    ],
    [
      `${MODEL}phases: [{${PHASE}, requests: 3, type: poisson}]`,
      'run.yaml:2:50 type: expected rate beside it, found no rate, which it needs.',
    ],
    [
      `${MODEL}phases: [{${PHASE}, requests: 3, type: fixed_schedule}]`,
      'run.yaml:2:50 type: expected --input-file beside it, found no --input-file, which holds the times.',
    ],
    [
      `${MODEL}phases: [{${PHASE}, requests: 3, rate: 0, concurrency: x}]`,
      [
        'run.yaml:2:50 rate: expected a number greater than 0, found "0".',
        'run.yaml:2:59 concurrency: expected an integer of at least 1, found "x".',
      ],
    ],
    [
      `${MODEL}phases: [{${PHASE}, requests: 3, rate: 5, request_rate: 6}]`,
      'run.yaml:2:50 rate and run.yaml:2:59 request_rate: the same field given 2 times; give it once.',
    ],
    [
      `${MODEL}phases: [{${PHASE}, requests: 3, concurrency: 2, concurrency_ramp: {shape: linera}}]`,
      [
        'run.yaml:2:85 shape: expected one of linear, exponential, poisson, found "linera". Did you mean linear?',
        'run.yaml:2:66 concurrency_ramp: expected a duration in it, found none.',
      ],
    ],
    [
      `${MODEL}phases: [{${PHASE}, requests: 3, cancellation: {dealy: 1}}]`,
      'run.yaml:2:65 cancellation.dealy: a phase has no such field. Did you mean delay?',
    ],
    [
      `${MODEL}phases: [{${PHASE}, requests: 3, cancellation: {delay: 1}}]`,
      'run.yaml:2:65 cancellation.delay: expected cancellation.rate beside it, found no cancellation.rate, without which it has no effect.',
    ],
    ['endpoint: [', /^run\.yaml:1:\d+: no valid YAML: /u],
    ['a: 1\na: 2', /^run\.yaml:2:1: no valid YAML: Map keys must be unique/u],
    ['', /^run\.yaml: expected a mapping of the sections endpoint, .*, phases, found nothing\.$/u],
    ['- a', /^run\.yaml: expected a mapping of the sections/u],
  ])('%j', ([text, expected]) => {
    const messages = messagesOf(text).filter((message) => !message.startsWith('--model-names'));
    if (expected instanceof RegExp) expect(messages).toEqual([expect.stringMatching(expected) as unknown]);
    else expect(messages).toEqual(typeof expected === 'string' ? [expected] : expected);
  });

  test.for([
    [`endpoint: {model: x, api_key: [sk-canary]}`],
    [`endpoint: {model: x, apiKey: {sk-canary: 1}}`],
    [`endpoint: {model: x, api_kye: sk-canary}`],
    [`endpoint: {model: x, api_key: "sk-canary\\n"}`],
    [`endpoint: {model: x, api_key: "sk" sk-canary}`],
    [`endpoint:\n  api_key: *sk-canary`],
    [`endpoint:\n  api_key: !sk-canary x`],
    [`endpoint: {model: x}\ninput: {header: [sk-canary]}`],
    [`endpoint: {model: x, url: "ftp://me:sk-canary@host"}`],
  ])('a problem of %j never shows the key', ([text]) => {
    const result = parse(text ?? '');
    expect(result.ok).toBe(false);
    expect(JSON.stringify(result)).not.toContain('sk-canary');
  });
});

describe('loadProfileConfig', () => {
  const example = (): string => {
    const page = readFileSync(new URL('../../../docs/config-file.md', import.meta.url), 'utf8');
    return /```yaml\n(.*?)```/su.exec(page)?.[1] ?? '';
  };

  test('the example of docs/config-file.md is read from a file', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'aiperf-config-'));
    try {
      const path = join(directory, 'run.yaml');
      await writeFile(path, example());
      const result = await loadProfileConfig(['-f', path, '--isl', '9'], { isTty: false });
      expect(result).toMatchObject({
        ok: true,
        config: {
          endpoint: { modelNames: ['mock'], streaming: true },
          input: { randomSeed: 7, extraInputs: { ignore_eos: true } },
          conversation: { turnsMean: 3 },
          prompt: { inputTokensMean: 9, outputTokensMean: 64 },
          metrics: { goodput: [{ tag: 'time_to_first_token', value: 200 }] },
          output: { sliceDurationSec: 10 },
          phases: [
            { name: 'warmup', kind: 'warmup', mode: 'concurrency', concurrency: 8, requestCount: 32 },
            { name: 'climb', requestRateRamp: { durationSec: 20, shape: 'exponential' }, seamless: true },
            { name: 'peak', arrivalSmoothness: 0.5, cancellation: { ratePercent: 2, delaySec: 1.5 } },
          ],
        },
      });
      const missing = await loadProfileConfig(['-f', join(directory, 'none.yaml')], { isTty: false });
      expect(missing).toMatchObject({
        problems: [
          { message: expect.stringMatching(/^-f: expected a YAML file that can be read, found .*ENOENT/u) as unknown },
          {},
        ],
      });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  test('an input file of the file is asked for its times, and its fault is a problem of the option', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'aiperf-config-'));
    try {
      const [path, trace] = [join(directory, 'run.yaml'), join(directory, 'trace.jsonl')];
      await writeFile(path, `${MODEL}input: {input_file: ${trace}}`);
      await writeFile(trace, '');
      const asked: string[] = [];
      const timed = async (file: string): Promise<boolean> => {
        asked.push(file);
        return Promise.resolve(true);
      };
      const result = await loadProfileConfig(['-f', path], { isTty: false, hasTimestamps: timed });
      expect(result).toMatchObject({ ok: true, config: { phases: [{ mode: 'fixed_schedule' }] } });
      expect(asked).toEqual([trace]);
      const broken = (): Promise<boolean> => Promise.reject(Object.assign(new Error('line 1 is bad'), { code: 'BAD' }));
      const refused = await loadProfileConfig(['-m', 'x', '--input-file', trace], {
        isTty: false,
        hasTimestamps: broken,
      });
      expect(refused).toMatchObject({ problems: [{ message: '--input-file: line 1 is bad' }] });
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
