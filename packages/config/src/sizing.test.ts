import { describe, expect, test } from 'vitest';
import { artifactDirectoryName } from './artifact-directory.ts';
import { parseProfileArguments } from './parse-profile-arguments.ts';
import { knownConnections, recordProcessorCount, workerCount } from './sizing.ts';
import type { UserConfig } from './user-config.ts';

function configOf(argv: readonly string[]): UserConfig {
  const result = parseProfileArguments(argv, { isTty: false });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

describe('workerCount and recordProcessorCount', () => {
  test.for([
    ['', 16, 1, 1, 'one request at a time needs one worker'],
    ['--concurrency 100', 16, 11, 3, 'three quarters of the CPUs less one'],
    ['--concurrency 4', 16, 4, 1, 'never more than requests in flight'],
    ['--concurrency 100', 2, 1, 1, 'at least one'],
    ['--concurrency 5000', 128, 32, 8, '32 at most by default'],
    ['--request-rate 10', 16, 1, 1, 'a low rate needs one worker'],
    ['--request-rate 200', 16, 4, 1, 'one for every 50 requests a second'],
    ['--request-rate 1000', 16, 11, 3, 'as far as there are CPUs'],
    ['--request-rate 10 --workers-max 3', 16, 3, 1, 'a low rate over as many workers as asked for'],
    ['--request-rate 10 --workers-min 3', 16, 3, 1, 'never fewer than asked for'],
    ['--workers-min 4', 2, 4, 1, 'even if there is nothing for them to do'],
    ['--user-centric-rate 500 --num-users 30 --session-turns-mean 2 --request-count 90', 64, 10, 3, 'users at a rate'],
    ['--user-centric-rate 500 --num-users 3 --session-turns-mean 2', 64, 3, 1, 'a worker for each user at most'],
    ['--concurrency 2 --warmup-request-count 9 --warmup-concurrency 6', 16, 6, 2, 'the busiest phase counts'],
    ['--request-rate 1000 --concurrency 2', 16, 2, 1, 'never more than may be in flight'],
    ['--concurrency 100 --workers-max 40', 2, 40, 10, 'as asked for'],
    ['--concurrency 3 --workers-max 40', 64, 3, 1, 'asked for more than there can be in flight'],
    ['--concurrency 100 --workers-max 8 --record-processors 5', 2, 8, 5, 'record processors as asked for'],
  ] as const)('"%s" on %i CPUs: %i workers, %i record processors (%s)', ([line, cpuCount, workers, processors]) => {
    const config = configOf(['-m', 'x', ...(line === '' ? [] : line.split(' '))]);
    expect(workerCount(config, cpuCount)).toBe(workers);
    expect(recordProcessorCount(config, workers)).toBe(processors);
  });
});

test.for([
  ['', 1],
  ['--concurrency 15000', 15_000],
  ['--request-rate 10', 1],
  ['--request-rate 10 --concurrency 300', 300],
  ['--concurrency 2 --warmup-request-count 9 --warmup-concurrency 6', 6],
  ['--user-centric-rate 5 --num-users 7 --session-turns-mean 2', 7],
] as const)('"%s" is known to need %i connections', ([line, connections]) => {
  expect(knownConnections(configOf(['-m', 'x', ...(line === '' ? [] : line.split(' '))]))).toBe(connections);
});

describe('artifactDirectoryName', () => {
  test.for([
    [['-m', 'mock', '--concurrency', '10'], 'mock-openai-chat-concurrency10'],
    [['-m', 'mock'], 'mock-openai-chat-concurrency1'],
    [['-m', 'org/model'], 'org_model-openai-chat-concurrency1'],
    [['-m', 'a,b'], 'a_multi-openai-chat-concurrency1'],
    [['-m', 'x', '--request-rate', '12'], 'x-openai-chat-request_rate12.0'],
    [['-m', 'x', '--request-rate', '0.5', '--concurrency', '3'], 'x-openai-chat-concurrency3-request_rate0.5'],
    [
      ['-m', 'x', '--user-centric-rate', '2.5', '--num-users', '4', '--session-turns-mean', '2'],
      'x-openai-chat-user_centric4-request_rate2.5',
    ],
    [['-m', '../..\\x\u0007'], '.._.._x_-openai-chat-concurrency1'],
  ] as const)('%j: %s', ([argv, expected]) => {
    expect(artifactDirectoryName(configOf(argv))).toBe(expected);
  });

  test('a name that no file system takes is cut, never within a character', () => {
    const name = artifactDirectoryName(configOf(['-m', '模'.repeat(300)]));
    expect(Buffer.byteLength(name)).toBeLessThan(255);
    expect(name).toMatch(/^模+-openai-chat-concurrency1$/);
  });
});
