import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseProfileArguments, type ParseContext } from './parse-profile-arguments.ts';
import type { PhaseConfig } from './phase-config.ts';

const OFF_TTY: ParseContext = { isTty: false };
const USERS = '--user-centric-rate 2 --num-users 4 --session-turns-mean 3';

let directory: string;
let place: (line: string) => string[];

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'aiperf-config-'));
  await writeFile(join(directory, 'trace.jsonl'), '{}\n');
  const points = [
    { time_s: 0, qps: 5 },
    { time_s: 10, qps: 50.5 },
  ];
  await writeFile(join(directory, 'rate.json'), JSON.stringify(points));
  place = (line) =>
    line
      .split(' ')
      .map((word) =>
        word.replace('TRACE', join(directory, 'trace.jsonl')).replace('SERIES', join(directory, 'rate.json')),
      );
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

function phasesOf(line: string, context: Partial<ParseContext> = {}): readonly PhaseConfig[] {
  const result = parseProfileArguments(['-m', 'x', ...place(line)], { ...OFF_TTY, ...context });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.config.phases;
}

function messagesOf(line: string, context: Partial<ParseContext> = {}): string[] {
  const result = parseProfileArguments(['-m', 'x', ...place(line)], { ...OFF_TTY, ...context });
  return result.ok ? [] : result.problems.map(({ message }) => message.replaceAll(directory, ''));
}

describe('what drives the profiling phase', () => {
  const closed = { mode: 'concurrency', concurrency: 1 };
  const open = { mode: 'request_rate', requestRatePerSec: 5, sendLagLimitMs: 10 };
  test.for<[string, object, boolean?]>([
    ['--streaming', { ...closed, requestCount: 10, gracePeriodSec: 30 }],
    ['--concurrency 7', { mode: 'concurrency', concurrency: 7, requestCount: 10 }],
    ['--request-rate 5', { ...open, arrivalPattern: 'poisson' }],
    ['--request-rate 5 --arrival-pattern constant', { ...open, arrivalPattern: 'constant' }],
    ['--request-rate 5 --arrival-smoothness 2.5', { ...open, arrivalPattern: 'gamma', arrivalSmoothness: 2.5 }],
    ['--request-rate 5 --vllm-burstiness 0.5', { ...open, arrivalPattern: 'gamma', arrivalSmoothness: 0.5 }],
    ['--request-rate 5 --arrival-pattern gamma', { ...open, arrivalPattern: 'gamma', arrivalSmoothness: 1 }],
    ['--request-rate 5 --concurrency 3', { ...open, concurrency: 3 }],
    ['--arrival-pattern concurrency_burst --concurrency 3', { mode: 'concurrency', concurrency: 3 }],
    [
      '--request-rate-series SERIES',
      {
        mode: 'request_rate',
        requestRateSeries: [
          { timeSec: 0, ratePerSec: 5 },
          { timeSec: 10, ratePerSec: 50.5 },
        ],
      },
    ],
    [USERS, { mode: 'user_centric', requestRatePerSec: 2, userCount: 4, requestCount: 10, sendLagLimitMs: 10 }],
    [`${USERS} --request-rate 9`, { mode: 'user_centric', requestRatePerSec: 2, userCount: 4 }],
    ['--input-file TRACE', { ...closed, requestCount: 10 }, false],
    ['--input-file TRACE', { mode: 'fixed_schedule', sendLagLimitMs: 500 }, true],
    ['--input-file TRACE --concurrency 3', { mode: 'fixed_schedule', concurrency: 3 }, true],
    ['--input-file TRACE --no-fixed-schedule', closed, true],
    ['--input-file TRACE --no-fixed-schedule --request-rate 5', open, true],
    ['--input-file TRACE --fixed-schedule --request-count 9', { mode: 'fixed_schedule', requestCount: 9 }, true],
    ['--request-rate 5 --send-lag-limit 2ms', { ...open, sendLagLimitMs: 2 }],
  ])('"%s": %j, times in the file: %s', ([line, expected, hasTimestamps]) => {
    const [phase] = phasesOf(line, hasTimestamps === undefined ? {} : { hasTimestamps });
    expect(phase).toMatchObject(expected);
  });

  test('a fixed schedule ends with its file, and has no default number of requests', () => {
    const [phase] = phasesOf('--input-file TRACE', { hasTimestamps: true });
    expect(phase).toEqual({
      name: 'profiling',
      kind: 'profiling',
      mode: 'fixed_schedule',
      arrivalPattern: 'poisson',
      seamless: false,
      gracePeriodSec: 30,
      sendLagLimitMs: 500,
    });
  });

  test.for<[string, object]>([
    ['--benchmark-duration 5', { durationSec: 5 }],
    ['--benchmark-duration 5 --request-count 9', { durationSec: 5, requestCount: 9 }],
    [
      '--num-sessions 4 --request-count 9 --benchmark-duration 2m',
      { sessionCount: 4, requestCount: 9, durationSec: 120 },
    ],
    ['--concurrency 4 --concurrency-ramp-duration 3', { concurrencyRamp: { durationSec: 3, shape: 'linear' } }],
    [
      '--streaming --concurrency 4 --prefill-concurrency 2 --prefill-concurrency-ramp-duration 500ms',
      { prefillConcurrency: 2, prefillConcurrencyRamp: { durationSec: 0.5, shape: 'linear' } },
    ],
    ['--request-rate 4 --request-rate-ramp-duration 3', { requestRateRamp: { durationSec: 3, shape: 'linear' } }],
    ['--request-cancellation-rate 12.5', { cancellation: { ratePercent: 12.5, delaySec: 0 } }],
    [
      '--request-cancellation-rate 100 --request-cancellation-delay 0.5',
      { cancellation: { ratePercent: 100, delaySec: 0.5 } },
    ],
  ])('"%s" gives %j', ([line, expected]) => {
    expect(phasesOf(line)[0]).toMatchObject(expected);
  });
});

describe('a warm-up', () => {
  const waits = { gracePeriodSec: Number.POSITIVE_INFINITY, seamless: false };
  test.for<[string, string, object]>([
    ['concurrency of its own', '--concurrency 8 --warmup-concurrency 2', { mode: 'concurrency', concurrency: 2 }],
    ['concurrency of the load', '--concurrency 8', { ...waits, mode: 'concurrency', concurrency: 8 }],
    ['one at a time', '--streaming', { mode: 'concurrency', concurrency: 1 }],
    ['rate of the load', '--request-rate 5', { mode: 'request_rate', requestRatePerSec: 5, sendLagLimitMs: 10 }],
    ['rate of its own', '--request-rate 5 --warmup-request-rate 2', { requestRatePerSec: 2 }],
    ['rate of its own before a closed loop', '--concurrency 4 --warmup-request-rate 2', { mode: 'request_rate' }],
    ['its own pattern', '--request-rate 5 --warmup-arrival-pattern constant', { arrivalPattern: 'constant' }],
    [
      'its own pattern without the smoothness of the load',
      '--request-rate 5 --arrival-smoothness 3 --warmup-arrival-pattern constant',
      { arrivalPattern: 'constant' },
    ],
    [
      'smoothness of the load',
      '--request-rate 5 --arrival-smoothness 3',
      { arrivalPattern: 'gamma', arrivalSmoothness: 3 },
    ],
    [
      'a burst before a rate',
      '--request-rate 5 --concurrency 3 --warmup-arrival-pattern concurrency_burst',
      { mode: 'concurrency', concurrency: 3 },
    ],
    [
      'a rate before a burst',
      '--arrival-pattern concurrency_burst --concurrency 3 --warmup-request-rate 2',
      { mode: 'request_rate', arrivalPattern: 'poisson' },
    ],
    ['a series of the load', '--request-rate-series SERIES', { mode: 'request_rate' }],
    ['a closed loop before a schedule', '--input-file TRACE --fixed-schedule', { mode: 'concurrency', concurrency: 1 }],
    ['a closed loop before users', USERS, { mode: 'concurrency', concurrency: 1 }],
    ['the request rate before users', `${USERS} --request-rate 3`, { mode: 'request_rate', requestRatePerSec: 3 }],
    [
      'ramps of the load',
      '--streaming --request-rate 5 --concurrency 4 --prefill-concurrency 2 --concurrency-ramp-duration 1 ' +
        '--prefill-concurrency-ramp-duration 2 --request-rate-ramp-duration 3',
      {
        concurrencyRamp: { durationSec: 1 },
        prefillConcurrencyRamp: { durationSec: 2 },
        requestRateRamp: { durationSec: 3 },
      },
    ],
    [
      'ramps of its own',
      '--request-rate 5 --concurrency 4 --concurrency-ramp-duration 1 --warmup-concurrency-ramp-duration 7 ' +
        '--warmup-request-rate 2 --warmup-request-rate-ramp-duration 9',
      { concurrencyRamp: { durationSec: 7 }, requestRateRamp: { durationSec: 9 } },
    ],
    [
      "the load's prefill concurrency, lowered to its own concurrency",
      '--streaming --concurrency 8 --prefill-concurrency 4 --warmup-concurrency 2',
      { concurrency: 2, prefillConcurrency: 2 },
    ],
    ['prefill of its own', '--streaming --concurrency 8 --warmup-prefill-concurrency 4', { prefillConcurrency: 4 }],
  ])('%s: "%s"', ([, line, expected]) => {
    const [warmup, profiling] = phasesOf(`${line} --num-warmup-requests 6`);
    expect(warmup).toMatchObject({ name: 'warmup', kind: 'warmup', requestCount: 6, ...(expected as object) });
    expect(profiling?.kind).toBe('profiling');
  });

  test.for<[string, object]>([
    ['--warmup-duration 3', { durationSec: 3, gracePeriodSec: Number.POSITIVE_INFINITY }],
    ['--warmup-duration 3 --warmup-grace-period 0', { durationSec: 3, gracePeriodSec: 0 }],
    ['--num-warmup-sessions 3', { sessionCount: 3 }],
  ])('"%s" is reason enough', ([line, expected]) => {
    expect(phasesOf(line)[0]).toMatchObject({ kind: 'warmup', ...(expected as object) });
  });

  test('it has nothing of what is only measured: cancellations, users, stop conditions', () => {
    const [warmup] = phasesOf('--num-warmup-sessions 3 --request-cancellation-rate 5 --request-count 40');
    expect(warmup).toEqual({
      name: 'warmup',
      kind: 'warmup',
      mode: 'concurrency',
      arrivalPattern: 'poisson',
      concurrency: 1,
      sessionCount: 3,
      ...waits,
    });
  });
});

describe('problems between options', () => {
  const alone = 'without which it has no effect.';
  const both = 'expected one of the two, found both';
  test.for<[string, string | readonly string[], boolean?]>([
    [
      '--arrival-smoothness 2',
      `--arrival-smoothness: expected --request-rate beside it, found no --request-rate, ${alone}`,
    ],
    [
      '--request-rate-ramp-duration 2',
      `--request-rate-ramp-duration: expected --request-rate beside it, found no --request-rate, ${alone}`,
    ],
    ['--send-lag-limit 2', `--send-lag-limit: expected --request-rate beside it, found no --request-rate, ${alone}`],
    ['--num-users 2', `--num-users: expected --user-centric-rate beside it, found no --user-centric-rate, ${alone}`],
    [
      '--request-rate 2 --num-users 2',
      `--num-users: expected --user-centric-rate beside it, found no --user-centric-rate, ${alone}`,
    ],
    [
      '--concurrency-ramp-duration 2',
      `--concurrency-ramp-duration: expected --concurrency beside it, found no --concurrency, ${alone}`,
    ],
    [
      '--prefill-concurrency-ramp-duration 2',
      `--prefill-concurrency-ramp-duration: expected --prefill-concurrency beside it, found no --prefill-concurrency, ${alone}`,
    ],
    [
      '--request-cancellation-delay 2',
      `--request-cancellation-delay: expected --request-cancellation-rate beside it, found no --request-cancellation-rate, ${alone}`,
    ],
    [
      '--benchmark-grace-period 2',
      `--benchmark-grace-period: expected --benchmark-duration beside it, found no --benchmark-duration, ${alone}`,
    ],
    [
      '--request-rate 5 --arrival-smoothness 2 --arrival-pattern poisson',
      '--arrival-smoothness and --arrival-pattern: expected the gamma pattern, found "poisson".',
    ],
    [
      '--request-rate 5 --arrival-pattern concurrency_burst',
      '--arrival-pattern and --request-rate: expected a law of intervals, or no rate, found "concurrency_burst", which has no intervals.',
    ],
    ['--request-rate 5 --request-rate-series SERIES', `--request-rate and --request-rate-series: ${both}.`],
    [
      '--request-rate-series SERIES --request-rate-ramp-duration 3',
      `--request-rate-ramp-duration and --request-rate-series: ${both}, and a series says itself how the rate changes.`,
    ],
    [`${USERS} --request-rate-series SERIES`, `--request-rate-series and --user-centric-rate: ${both}.`],
    [`${USERS} --request-rate-ramp-duration 3`, `--request-rate-ramp-duration and --user-centric-rate: ${both}.`],
    [
      '--user-centric-rate 3 --session-turns-mean 2',
      '--user-centric-rate: expected --num-users beside it, found no --num-users, which it needs.',
    ],
    [
      '--user-centric-rate 3 --num-users 4',
      '--user-centric-rate and --conversation-turn-mean: expected conversations of at least 2 turns, found a mean of 1.',
    ],
    [
      `${USERS} --request-count 3`,
      '--num-users and --request-count: expected at least as many requests as users, found 3 for 4 users.',
    ],
    [
      `${USERS} --num-sessions 3`,
      '--num-users and --num-sessions: expected at least as many conversations as users, found 3 for 4 users.',
    ],
    [
      '--user-centric-rate 2 --num-users 11 --session-turns-mean 2',
      '--num-users and --request-count: expected at least as many requests as users, found 10, the default, for 11 users.',
    ],
    [
      '--prefill-concurrency 1',
      '--prefill-concurrency: expected --streaming beside it, found no --streaming, without which no first token is seen.',
    ],
    [
      '--streaming --concurrency 4 --prefill-concurrency 5',
      '--prefill-concurrency and --concurrency: expected a prefill concurrency that is not above the concurrency, found 5 above 4.',
    ],
    [
      '--streaming --prefill-concurrency 2',
      '--prefill-concurrency and --concurrency: expected a prefill concurrency that is not above the concurrency, found 2 above 1, the default.',
    ],
    [
      '--streaming --concurrency 9 --warmup-request-count 3 --warmup-concurrency 2 --warmup-prefill-concurrency 3',
      '--warmup-prefill-concurrency and --warmup-concurrency: expected a prefill concurrency that is not above the concurrency, found 3 above 2.',
    ],
    [
      '--fixed-schedule',
      '--fixed-schedule: expected --input-file beside it, found no --input-file, which holds the times.',
    ],
    [
      '--fixed-schedule --input-file TRACE',
      '--fixed-schedule and --input-file: expected records with a timestamp, found a first record without one.',
      false,
    ],
    ['--fixed-schedule --input-file TRACE --request-rate 3', `--request-rate and --fixed-schedule: ${both}.`, true],
    [
      '--input-file TRACE --request-rate 3',
      `--request-rate and --input-file: ${both}, since the file's first record has a timestamp, which --no-fixed-schedule ignores.`,
      true,
    ],
    [
      '--input-file TRACE --user-centric-rate 3 --num-users 2 --arrival-smoothness 3',
      ['--user-centric-rate', '--num-users', '--arrival-smoothness'].map(
        (flag) =>
          `${flag} and --input-file: ${both}, since the file's first record has a timestamp, which --no-fixed-schedule ignores.`,
      ),
      true,
    ],
    [
      '--fixed-schedule-start-offset 3 --fixed-schedule-end-offset 5',
      ['--fixed-schedule-start-offset', '--fixed-schedule-end-offset'].map(
        (flag) =>
          `${flag}: expected --fixed-schedule beside it, or an input file with timestamps, found no fixed schedule, ${alone}`,
      ),
    ],
    [
      '--input-file TRACE --fixed-schedule-start-offset 6 --fixed-schedule-end-offset 5',
      '--fixed-schedule-start-offset and --fixed-schedule-end-offset: expected a start that is not after the end, found 6 after 5.',
      true,
    ],
    [
      '--input-file TRACE --fixed-schedule-start-offset 6 --fixed-schedule-auto-offset',
      `--fixed-schedule-auto-offset and --fixed-schedule-start-offset: ${both}.`,
      true,
    ],
    [
      '--warmup-concurrency 2 --warmup-arrival-pattern constant',
      '--warmup-concurrency and --warmup-arrival-pattern: expected one of --warmup-request-count, --num-warmup-sessions, --warmup-duration beside it, found none, and so no warm-up.',
    ],
    [
      '--warmup-grace-period 2',
      `--warmup-grace-period: expected --warmup-duration beside it, found no --warmup-duration, ${alone}`,
    ],
    [
      '--warmup-grace-period 2 --warmup-request-count 4',
      `--warmup-grace-period: expected --warmup-duration beside it, found no --warmup-duration, ${alone}`,
    ],
    [
      '--request-rate 5 --warmup-request-count 4 --warmup-request-rate-ramp-duration 3',
      `--warmup-request-rate-ramp-duration: expected --warmup-request-rate beside it, found no --warmup-request-rate, ${alone}`,
    ],
    [
      '--warmup-request-rate 3 --warmup-arrival-pattern concurrency_burst --warmup-request-count 4',
      '--warmup-arrival-pattern and --warmup-request-rate: expected a law of intervals, or no rate, found "concurrency_burst", which has no intervals.',
    ],
    [
      '--custom-dataset-type mooncake_trace',
      `--custom-dataset-type: expected --input-file beside it, found no --input-file, ${alone}`,
    ],
    [
      '--input-file TRACE --isl 5 --session-turns-mean 2 --num-prompts 4',
      [
        '--num-prompts and --input-file: expected synthetic or recorded conversations, found both.',
        '--session-turns-mean and --input-file: expected synthetic or recorded conversations, found both.',
        '--isl and --input-file: expected synthetic or recorded conversations, found both.',
      ],
    ],
    ['--input-file /no/such/file', '--input-file: expected a file that exists, found "/no/such/file".'],
    [
      '--request-rate-series /no/such/file',
      '--request-rate-series: expected a JSON file with a list of at least two points such as {"time_s": 0, "qps": 10}, with times from 0 that grow and rates above 0, found a file that cannot be read (ENOENT): /no/such/file.',
    ],
    [
      '--network-latency-automatic --network-latency-mean 3',
      '--network-latency-automatic and --network-latency-mean: expected a measured or a given round trip, found both.',
    ],
    [
      '--network-latency-mean 3 --network-latency-ping-interval 2',
      `--network-latency-ping-interval: expected --network-latency-automatic beside it, found no --network-latency-automatic, ${alone}`,
    ],
    ['--goodput a:1 b:2 a:3', '--goodput: expected one objective for each metric, found a twice.'],
    [
      '--workers-min 3 --workers-max 2',
      '--workers-min and --workers-max: expected a least number that is not above the most, found 3 above 2.',
    ],
  ])('%s', ([line, expected, hasTimestamps]) => {
    const messages = messagesOf(line, hasTimestamps === undefined ? {} : { hasTimestamps });
    expect(messages).toEqual(typeof expected === 'string' ? [expected] : expected);
  });

  test.for([
    ['--request-rate nope --request-rate-ramp-duration 3', 'a companion that is given, but wrong'],
    ['--request-rate 0 --arrival-smoothness 3', 'a rate of 0'],
    ['--user-centric-rate -1 --num-users 4 --session-turns-mean 2', 'a negative rate'],
    ['--user-centric-rate 1 --num-users 1.5 --session-turns-mean 2', 'half a user'],
    ['--request-rate nan', 'no number'],
    ['--random-seed 1.5', 'a seed that is no integer'],
    ['--random-seed -1', 'a negative seed'],
    ['--request-cancellation-rate 101', 'more than all'],
    ['--request-cancellation-rate 0', 'none'],
    ['--arrival-smoothness 0 --request-rate 3', 'no smoothness'],
    ['--conversation-turn-mean 0', 'no turn'],
    ['--conversation-turn-delay-ratio -1', 'a negative factor'],
    ['--fixed-schedule-start-offset -3 --fixed-schedule --input-file TRACE', 'a negative offset'],
    ['--goodput ttft', 'no value'],
    ['--goodput ttft:-3', 'a negative objective'],
    ['--slice-duration 0', 'no slice'],
    ['--profile-export-prefix a/b', 'a directory'],
    ['--profile-export-prefix .json', 'nothing but an ending'],
    ['--export-format csv', 'no columnar format'],
  ])('"%s" is one problem: %s', ([line]) => {
    expect(messagesOf(line ?? '')).toHaveLength(1);
  });

  test('accepted, as by AIPerf', () => {
    expect(messagesOf('--request-count 5 --num-sessions 3')).toEqual([]);
    expect(messagesOf('--arrival-pattern gamma')).toEqual([]);
    expect(messagesOf(`${USERS} --request-rate 3`)).toEqual([]);
  });
});
