import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { optionDefinitions } from './options/option-table.ts';
import { parseProfileArguments, wantsHelp } from './parse-profile-arguments.ts';
import type { ConfigProblem } from './config-problem.ts';
import type { UserConfig } from './user-config.ts';

function words(line: string): string[] {
  return line === '' ? [] : line.split(' ');
}

function configOf(argv: readonly string[], isTty = false): UserConfig {
  const result = parseProfileArguments(argv, { isTty });
  if (!result.ok) throw new Error(result.problems.map((problem) => problem.message).join('\n'));
  return result.config;
}

function problemsOf(argv: readonly string[]): readonly ConfigProblem[] {
  const result = parseProfileArguments(argv, { isTty: false });
  return result.ok ? [] : result.problems;
}

describe('defaults', () => {
  test('a model is all that is needed', () => {
    expect(configOf(['-m', 'mock'])).toEqual({
      endpoint: {
        modelNames: ['mock'],
        urls: ['http://localhost:8000'],
        type: 'chat',
        streaming: false,
        requestTimeoutSec: 21_600,
        useLegacyMaxTokens: false,
        useServerTokenCount: false,
        connectionReuse: 'pooled',
        transport: 'auto',
        headers: [],
      },
      tokenizer: {},
      input: { extraInputs: {}, datasetEntries: 100, datasetSampling: 'sequential' },
      conversation: { turnsMean: 1, turnsStddev: 0, turnDelayMeanMs: 0, turnDelayStddevMs: 0, turnDelayRatio: 1 },
      prompt: { inputTokensMean: 550, inputTokensStddev: 0, outputTokensStddev: 0 },
      phases: [
        {
          name: 'profiling',
          kind: 'profiling',
          mode: 'concurrency',
          arrivalPattern: 'poisson',
          concurrency: 1,
          requestCount: 10,
          gracePeriodSec: 30,
          seamless: false,
        },
      ],
      fixedSchedule: { autoOffset: true },
      metrics: { goodput: [], modules: [], networkLatency: 'off', networkPingIntervalSec: 1 },
      output: {
        exportLevel: 'records',
        exportFormats: ['arrow'],
        exportOutputs: false,
        exportHttpTrace: false,
        showTraceTiming: false,
      },
      service: { ui: 'none', logLevel: 'info', hostTuning: 'off', dryRun: false },
      comms: { zmqPortOffset: 0, insecureBus: false },
    });
  });

  test.for([
    ['', true, 'simple', 'info', 'a terminal'],
    ['', false, 'none', 'info', 'no terminal'],
    ['--ui none', true, 'none', 'info', 'said so'],
    ['-v', false, 'simple', 'debug', 'verbose'],
    ['-v -vv', false, 'simple', 'trace', 'the louder one wins'],
    ['-v --ui none --log-level error', true, 'none', 'debug', 'an explicit user interface stays'],
  ] as const)('"%s", terminal %s: ui %s, log level %s (%s)', ([line, isTty, ui, logLevel]) => {
    expect(configOf(['-m', 'x', ...words(line)], isTty).service).toEqual({
      ui,
      logLevel,
      hostTuning: 'off',
      dryRun: false,
    });
  });

  test.for([
    ['', 100],
    ['--request-count 24', 24],
    ['--request-count 1000000', 10_000],
    ['--request-count 24 --num-prompts 3', 3],
  ] as const)('"%s" generates %i entries', ([line, entries]) => {
    expect(configOf(['-m', 'x', ...words(line)]).input.datasetEntries).toBe(entries);
  });
});

describe('spellings', () => {
  test.for(
    optionDefinitions.flatMap((definition) => [
      ...definition.flags.map((flag) => [flag, definition.path] as const),
      ...(definition.negation === undefined ? [] : [[definition.negation, definition.path] as const]),
    ]),
  )('%s is %s and of no other option', ([flag, path]) => {
    const owners = optionDefinitions.filter(
      (definition) => definition.flags.includes(flag) || definition.negation === flag,
    );
    expect(owners.map((definition) => definition.path)).toEqual([path]);
  });

  test.for([
    ['--isl 64', 'equal sign', '--isl=64'],
    ['--request-count 64', 'underscores', '--request_count 64'],
    ['--request-count 1000', 'digit groups', '--request-count 1_000'],
    ['--request-count 2', 'an integer with a point', '--request-count 2.0'],
    ['--endpoint-type chat', 'case of a choice', '--endpoint-type CHAT'],
    ['--transport auto', "AIPerf's only transport", '--transport http'],
    ['--benchmark-duration 120', 'minutes', '--benchmark-duration 2m'],
    ['--no-streaming', 'off by value', '--streaming=false'],
    ['--url http://h:1', 'no scheme', '--url h:1'],
    ['--url http://h:1', 'a slash at the end', '-u http://h:1/'],
    ['--url http://a --url http://b', 'several words', '--url http://a http://b'],
    ['--url http://a --url http://b', 'a comma', '--url http://a,http://b'],
    ['-m x -m y', 'a comma', '--model x,y'],
    ['--extra-inputs a:1 b:x', 'a JSON object', '--extra-inputs {"a":1,"b":"x"}'],
    ['--extra-inputs a:1 b:x', 'given repeatedly', '--extra-inputs a:1 --extra-inputs b:x'],
  ] as const)('%s and %s: %s', ([left, , right]) => {
    const model = left.startsWith('-m') ? [] : ['-m', 'x'];
    expect(configOf([...model, ...words(left)])).toEqual(configOf([...model, ...words(right)]));
  });

  test('all of it at once', () => {
    const config = configOf(
      words(
        '-m a/b --streaming --concurrency 8 --request-rate 2.5 --arrival-pattern constant --warmup-request-count 4 ' +
          '--benchmark-duration 1m --benchmark-grace-period inf --osl 16 --osl-stddev 1.5 --connection-reuse-strategy never ' +
          '--dataset-sampling-strategy shuffle --random-seed 0 --export-level summary --artifact-dir out --tokenizer builtin ' +
          '--endpoint /v2/chat --request-timeout-seconds 90s --zmq-host 127.0.0.1 --zmq-port-offset 100 --workers-max 3 --record-processors 2',
      ),
    );
    expect(config.phases).toMatchObject([
      { kind: 'warmup', concurrency: 8, requestRatePerSec: 2.5, requestCount: 4 },
      {
        kind: 'profiling',
        concurrency: 8,
        requestRatePerSec: 2.5,
        arrivalPattern: 'constant',
        durationSec: 60,
        gracePeriodSec: Number.POSITIVE_INFINITY,
      },
    ]);
    expect(config.endpoint).toMatchObject({
      streaming: true,
      path: '/v2/chat',
      requestTimeoutSec: 90,
      connectionReuse: 'never',
    });
    expect(config.service).toMatchObject({ workersMax: 3, recordProcessors: 2 });
    expect(config.comms).toEqual({ zmqHost: '127.0.0.1', zmqPortOffset: 100, insecureBus: false });
    expect(config.input).toMatchObject({ randomSeed: 0, datasetSampling: 'shuffle' });
    expect(config.prompt).toMatchObject({ outputTokensMean: 16, outputTokensStddev: 1.5 });
    expect(config.output).toMatchObject({ artifactDirectory: 'out', exportLevel: 'summary' });
  });

  test('given holds what was given and nothing else', () => {
    const result = parseProfileArguments(words('-m x --isl 5'), { isTty: false });
    expect(result.ok && [...result.given]).toEqual(['endpoint.modelNames', 'prompt.inputTokensMean']);
  });

  test('help is asked for anywhere', () => {
    expect([wantsHelp(['-h']), wantsHelp(['--isl', 'x', '--help']), wantsHelp(['--isl', '5'])]).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('extra inputs', () => {
  test.for([
    ['temperature:0.7', 0.7],
    ['ignore_eos:true', true],
    ['ignore_eos:True', true],
    ['stop:null', null],
    ['stop:[1,"a"]', [1, 'a']],
    ['name:a:b', 'a:b'],
    ['name:', ''],
    ['quoted:"5"', '5'],
    ['id:12345678901234567890', '12345678901234567890'],
    ['broken:{x', '{x'],
    ['__proto__:1', 1],
  ] as const)('%s', ([word, expected]) => {
    const { extraInputs } = configOf(['-m', 'x', '--extra-inputs', word]).input;
    expect(Object.entries(extraInputs)).toEqual([[word.slice(0, word.indexOf(':')), expected]]);
  });
});

describe('headers', () => {
  test.for([
    [['X-A:1'], [['X-A', '1']], 'a number'],
    [['X-A: a:b '], [['X-A', 'a:b']], 'colons and blanks'],
    [
      ['{"X-A":1,"X-B":"b"}', 'X-C:c'],
      [
        ['X-A', '1'],
        ['X-B', 'b'],
        ['X-C', 'c'],
      ],
      'JSON and words',
    ],
  ] as const)('%j', ([given, expected]) => {
    const { headers } = configOf(['-m', 'x', '-H', ...given]).endpoint;
    expect(headers.map(([name, value]) => [name, value.reveal()])).toEqual(expected);
  });

  test('user info of a URL becomes basic authorization', () => {
    const { urls, headers } = configOf(['-m', 'x', '-u', 'https://me:p%40ss@host/base/']).endpoint;
    expect(urls).toEqual(['https://host/base']);
    expect(headers.map(([name, value]) => [name, value.reveal()])).toEqual([
      ['Authorization', `Basic ${btoa('me:p@ss')}`],
    ]);
  });
});

describe('problems', () => {
  test.for([
    ['', "--model-names (or --model, -m): this option is needed, expected the model's name as the server knows it."],
    ['-m', '-m: expected a value <name> after it, found nothing.'],
    ['-m x,,y', `-m: expected the model's name as the server knows it, found "".`],
    ['-m x --concurency 3', '--concurency: there is no such option. Did you mean --concurrency?'],
    ['-m x --zzzzzzzzzzz', '--zzzzzzzzzzz: there is no such option.'],
    ['-m x y', '--model-names: expected an option here, found "y".'],
    ['-m x --streaming false', '--streaming: expected an option here, found "false".'],
    ['-m x --isl 5 --isl 6', '--isl and --isl: the same option given 2 times; give it once.'],
    [
      '-m x --isl 5 --prompt-input-tokens-mean 6',
      '--isl and --prompt-input-tokens-mean: the same option given 2 times; give it once.',
    ],
    ['-m x --streaming --no-streaming', '--streaming and --no-streaming: the same option given 2 times; give it once.'],
    ['-m x --streaming=maybe', '--streaming: expected no value, or true or false, found "maybe".'],
    ['-m x --isl', '--isl: expected a value <tokens> after it, found nothing.'],
    ['-m x --isl 0', '--isl: expected an integer of at least 1, found "0".'],
    ['-m x --isl -5', '--isl: expected an integer of at least 1, found "-5".'],
    ['-m x --isl 1.5', '--isl: expected an integer of at least 1, found "1.5".'],
    ['-m x --isl many', '--isl: expected an integer of at least 1, found "many".'],
    [
      '-m x --concurrency 1,2,4',
      '--concurrency: expected an integer of at least 1, found "1,2,4", and a list of values to sweep over is not supported by this version.',
    ],
    ['-m x --request-rate 0', '--request-rate: expected a number greater than 0, found "0".'],
    ['-m x --request-rate -1', '--request-rate: expected a number greater than 0, found "-1".'],
    ['-m x --request-rate nan', '--request-rate: expected a number greater than 0, found "nan".'],
    ['-m x --request-rate inf', '--request-rate: expected a number greater than 0, found "inf".'],
    ['-m x --request-rate -inf', '--request-rate: expected a number greater than 0, found "-inf".'],
    ['-m x --request-rate 1e999', '--request-rate: expected a number greater than 0, found "1e999".'],
    [
      '-m x --request-rate 1 --arrival-pattern posson',
      '--arrival-pattern: expected one of constant, poisson, gamma, concurrency_burst, found "posson". Did you mean poisson?',
    ],
    [
      '-m x --benchmark-duration 5parsecs',
      '--benchmark-duration: expected a duration longer than 0 s, such as 30, 30s, 500ms or 2m, found "5parsecs".',
    ],
    [
      '-m x --benchmark-duration inf',
      '--benchmark-duration: expected a duration longer than 0 s, such as 30, 30s, 500ms or 2m, found "inf".',
    ],
    [
      '-m x --benchmark-grace-period 3',
      '--benchmark-grace-period: expected --benchmark-duration beside it, found no --benchmark-duration, without which it has no effect.',
    ],
    ['-m x --osl-stddev 3', '--osl-stddev: expected --osl beside it, found no --osl, without which it has no effect.'],
    [
      '-m x --zmq-port-offset 3',
      '--zmq-port-offset: expected --zmq-host beside it, found no --zmq-host, without which it has no effect.',
    ],
    ['-m x --zmq-host ::1 --zmq-ipc-path /tmp/x', '--zmq-host and --zmq-ipc-path: expected TCP or IPC, found both.'],
    [
      '-m x --zmq-host 10.0.0.1',
      '--zmq-host: expected a loopback address, or --insecure-bus to accept a bus that anyone on the network can join, found "10.0.0.1".',
    ],
    ['-m x --endpoint v1', '--endpoint: expected a path that begins with / and has no white space, found "v1".'],
    [
      '-m x --header nocolon',
      '--header: expected Name:value in printable characters, or a JSON object of them, and no header that frames the message or names the request, found "<redacted>".',
    ],
    [
      '-m x --header X-Request-ID:1',
      '--header: expected Name:value in printable characters, or a JSON object of them, and no header that frames the message or names the request, found "X-Request-ID:1".',
    ],
    ['-m x --extra-inputs {"a":', '--extra-inputs: expected name:value or one JSON object, found "<redacted>".'],
    [
      '-m x --api-key k -H Authorization:y',
      '--api-key and -H: expected one source of authorization, found several (key, header or user info of a URL).',
    ],
    ['-m x -u http://u:p@a http://b', '-u: expected the same user info in every URL, found different ones.'],
  ] as const)('aiperf profile %s', ([line, message]) => {
    expect(problemsOf(words(line)).map((problem) => problem.message)).toEqual([message]);
  });

  test.for([
    ['ftp://h', 'another scheme'],
    ['http:h', 'no slashes'],
    ['http:///v1', 'no host'],
    ['http://h:0', 'port 0'],
    ['http://h:65536', 'a port too high'],
    ['http://h:x', 'no number as port'],
    ['http://a b', 'a blank'],
    ['http://h/?a=1', 'a query'],
    ['http://h/#a', 'a fragment'],
    ['', 'nothing'],
  ] as const)('URL %j is refused: %s', ([url]) => {
    expect(problemsOf(['-m', 'x', `--url=${url}`])).toMatchObject([{ kind: 'invalid_value', options: ['--url'] }]);
  });

  test.for([
    ['Content-Length:5'],
    ['Transfer-Encoding:chunked'],
    ['Bad Name:x'],
    ['X-A:a\r\nX-B:b'],
    ['{"X-A":[1]}'],
    [':x'],
  ])('header %j is refused', ([header]) => {
    expect(problemsOf(['-m', 'x', '-H', header ?? ''])).toMatchObject([{ kind: 'invalid_value', options: ['-H'] }]);
  });

  test('an arrival pattern without a rate is accepted, as by AIPerf', () => {
    expect(problemsOf(words('-m x --arrival-pattern constant'))).toEqual([]);
  });

  test('every problem at once, in one run', () => {
    const kinds = problemsOf(
      words('--modell x --isl 0 --isl 1 --osl-stddev 2 --request-rate --url ftp://x --log-level loud stray'),
    ).map((problem) => [problem.kind, problem.options[0]]);
    expect(kinds).toEqual([
      ['unknown_option', '--modell'],
      ['missing_value', '--request-rate'],
      ['unexpected_word', '--log-level'],
      ['repeated_option', '--isl'],
      ['missing_option', '--model-names'],
      ['invalid_value', '--url'],
      ['invalid_value', '--isl'],
      ['invalid_value', '--log-level'],
      ['conflict', '--osl-stddev'],
    ]);
  });

  test('a problem never shows a secret', () => {
    const canary = 'sk-canary';
    const lines = [
      ['--api-key', canary, canary],
      ['--api-key', `${canary}\u0007`],
      ['--header', 'Authorization:', 'Bearer', canary],
      ['--header', `{"Authorization":"${canary}"`],
      [`-HAuthorization: ${canary}`],
      [`--apikey=${canary}`],
      ['--apikey', canary],
      ['--url', `ftp://me:${canary}@host`],
      ['--url', `me:${canary}@host:99999`],
      ['--header', `Bad Name Authorization:${canary}`],
    ];
    const shown = lines.map((line) => JSON.stringify(problemsOf(line)));
    expect(shown.filter((text) => text.includes(canary))).toEqual([]);
  });

  test('any words at all give a result, never an exception', () => {
    const flags = optionDefinitions.flatMap((definition): readonly string[] => definition.flags);
    const word = fc.oneof(
      fc.constantFrom(...flags),
      fc.string(),
      fc.constantFrom('1', '-1', '1,2', 'a:b', '{}', '-', '--'),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), (argv) => {
        const result = parseProfileArguments(argv, { isTty: false });
        expect(result.ok || result.problems.length > 0).toBe(true);
      }),
      { numRuns: 300, seed: 7 },
    );
  });
});
