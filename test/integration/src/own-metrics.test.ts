import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { chatStream, startChatServer } from './support/chat-server.ts';
import { runCli } from './support/cli.ts';
import { startMock } from './support/mock.ts';
import { temporaryFolder } from './support/temporary-folder.ts';
import { COMPILE_CACHE } from './support/workplace.ts';

const OWN_METRICS = `
const waited = {
  tag: 'end_margin', header: 'End Margin', unit: 'ns', displayUnit: 'ms', kind: 'record', valueType: 'int', flags: [],
  consoleGroup: 'default', displayOrder: 302, formula: 'response end - last content', requires: ['request_latency'],
  compute: (record, values) => record.endNs - record.startNs - values.get('request_latency'),
};
const longest = {
  tag: 'longest_latency', header: 'Longest Latency', unit: 'ns', displayUnit: 'ms', kind: 'derived', flags: [],
  consoleGroup: 'default', displayOrder: 303, formula: 'max of request_latency', requires: ['request_latency'],
  compute: (run) => run.summary('request_latency')?.max ?? Number.NaN,
};
export const metrics = [waited, longest];
`;

interface SummaryFile {
  readonly [tag: string]: { readonly avg?: number; readonly max?: number; readonly count?: number };
}

test('metrics of a module of the user go through every process into tables and files, and can be objectives', async () => {
  await using server = await startMock();
  await using folder = await temporaryFolder();
  await writeFile(join(folder.path, 'own.mjs'), OWN_METRICS);
  const load = ['--streaming', '--concurrency', '2', '--osl', '4', '--request-count', '20', '--isl', '16'];
  const goodput = ['--goodput', 'end_margin:10000 request_latency:0'];
  const args = ['profile', '-m', 'mock', '-u', server.url, '--tokenizer', 'builtin', '--artifact-dir', 'run', ...load];
  args.push('--metrics-module', './own.mjs', '--network-latency-mean', '2', '--export-level', 'records', ...goodput);
  const { exitCode, stdout, stderr } = await runCli(args, {
    cwd: folder.path,
    env: { NODE_COMPILE_CACHE: COMPILE_CACHE },
  });
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: expect.any(String) as string });
  expect(stdout).toMatch(/End Margin \(ms\)/u);
  expect(stdout).toMatch(/Longest Latency \(ms\)/u);
  expect(stdout).toMatch(/Goodput \(requests\/sec\)/u);
  const summary = JSON.parse(readFileSync(join(folder.path, 'run/profile_export_aiperf.json'), 'utf8')) as SummaryFile;
  expect(summary['end_margin']).toMatchObject({ unit: 'ms', count: 20 });
  expect(summary['longest_latency']?.avg).toBe(summary['request_latency']?.max);
  // No request takes no time.
  expect(summary['good_request_count']).toEqual({ unit: 'requests', avg: 0 });
  expect(summary['good_request_fraction']).toEqual({ unit: 'ratio', avg: 0 });
  expect(summary['network_rtt']).toMatchObject({ unit: 'ms', avg: 2 });
  const latency = summary['request_latency']?.max ?? Number.NaN;
  expect(summary['network_adjusted_request_latency']?.max).toBeCloseTo(Math.max(0, latency - 2), 6);
  const lines = readFileSync(join(folder.path, 'run/profile_export.jsonl'), 'utf8').trim().split('\n');
  expect(lines).toHaveLength(20);
  for (const line of lines) {
    const { metrics } = JSON.parse(line) as { metrics: Record<string, { value: number; unit: string }> };
    expect(metrics).toMatchObject({ end_margin: { unit: 'ms' }, good_request_count: { value: 0, unit: 'requests' } });
    expect(metrics).not.toHaveProperty('requested_osl');
  }
});

test.for<[string, readonly string[], readonly string[]]>([
  [
    'objectives that no request can meet',
    ['--goodput', 'ttft:200', 'inter_chunk_latency:5', 'goodput:1'],
    ["--goodput ttft: there is no such metric; the nearest is 'time_to_first_token'", 'several values', 'whole run'],
  ],
  [
    'a module that is not there',
    ['--metrics-module', 'nowhere.mjs'],
    ['--metrics-module nowhere.mjs: cannot be loaded'],
  ],
])('%s: exit 2, and nothing is sent', async ([, options, words]) => {
  await using server = await startChatServer(({ socket }) => void socket.write(chatStream('one')));
  await using folder = await temporaryFolder();
  const { exitCode, stderr } = await runCli(
    ['profile', '-m', 'mock', '-u', server.url, '--streaming', '--artifact-dir', 'run', ...options],
    { cwd: folder.path, env: { NODE_COMPILE_CACHE: COMPILE_CACHE } },
  );
  expect(exitCode).toBe(2);
  for (const word of words) expect(stderr).toContain(word);
  expect(server.requests).toEqual([]);
  expect(existsSync(join(folder.path, 'run'))).toBe(false);
});
