import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CliResult, runCli } from './support/cli.ts';
import { startMock } from './support/mock.ts';
import { type Workplace, workplace } from './support/workplace.ts';

let place: Workplace;
let directory = '';

beforeAll(async () => {
  place = await workplace();
  directory = place.results();
  await using server = await startMock({ errorRatio: 0.1 });
  const { exitCode } = await place.profile(server.url, [
    '--streaming',
    '--concurrency=4',
    '--request-count=40',
    '--osl=6',
  ]);
  expect(exitCode).toBe(0);
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
});

const report = (...args: readonly string[]): Promise<CliResult> => runCli(['report', ...args], { cwd: place.path });

describe('aiperf report --dialect', () => {
  test.for([
    ['vllm', /^=+ Serving Benchmark Result =+\nSuccessful requests: +\d+ *\nFailed requests: +\d+/u],
    ['sglang', /^\n=+ Serving Benchmark Result =+\nBackend: +sglang-oai-chat/u],
    ['genai-perf', /^ +NVIDIA GenAI-Perf \| LLM Metrics/u],
    ['guidellm', /^\n\nℹ Run Summary Info\n\|=+/u],
  ] as const)('%s: of a real run, and nothing else', async ([dialect, beginning], { expect: expectHere }) => {
    const { exitCode, stdout, stderr } = await report(directory, '--dialect', dialect);
    expectHere([exitCode, stderr]).toEqual([0, '']);
    expectHere(stdout).toMatch(beginning);
    expectHere(stdout).toMatch(/\nWhere .+ counts otherwise than AIPerf:\n- /u);
    expectHere(stdout).not.toMatch(/NaN|undefined|Infinity|AIPerf \|/u);
  });

  test('an unknown dialect: the nearest name, exit code 2', async () => {
    const { exitCode, stdout, stderr } = await report(directory, '--dialect', 'vlm');
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain("unknown dialect 'vlm'; did you mean vllm?");
  });

  test('options about files do not go with it', async () => {
    for (const option of [
      ['--format', 'json'],
      ['--output-dir', 'x'],
    ]) {
      const { exitCode, stderr } = await report(directory, '--dialect', 'vllm', ...option);
      expect(exitCode).toBe(2);
      expect(stderr).toContain(`${option[0]} is about files, and --dialect writes none`);
    }
  });

  test('a run of which every request failed has nothing to report: exit code 1', async () => {
    await using broken = await startMock({ errorRatio: 1 });
    const run = await place.profile(broken.url, ['--request-count=3'], { name: 'failed' });
    expect(run.exitCode).toBe(1);
    const { exitCode, stderr } = await report(place.results('failed'), '--dialect', 'sglang');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/no request of .+ succeeded/u);
  });
});
