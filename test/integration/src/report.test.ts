import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { promisify } from 'node:util';
import { JSON_SCHEMAS } from '@aiperf/exporters/reference';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type CliResult, runCli } from './support/cli.ts';
import { startMock } from './support/mock.ts';
import { untilRows } from './support/run-results.ts';
import { type Workplace, workplace } from './support/workplace.ts';

/** Not made from the record file. */
const OTHER_FILES = new Set([
  'inputs.json',
  'logs',
  'worker_health.jsonl',
  'profile_export.arrow',
  'profile_export_chunks.arrow',
]);
const run = promisify(execFile);

let place: Workplace;
let directory = '';

beforeAll(async () => {
  place = await workplace();
  directory = place.results();
  await using server = await startMock({ errorRatio: 0.1 });
  const { exitCode } = await place.profile(server.url, [
    '--streaming',
    '--concurrency=4',
    '--request-count=60',
    '--osl=6',
    '--warmup-request-count=3',
    '--export-level=raw',
    '--export-outputs-json',
    '--export-http-trace',
    '--show-trace-timing',
    '--export-format=arrow,parquet',
    '--slice-duration=0.02',
    '--goodput=request_latency:50',
  ]);
  expect(exitCode).toBe(0);
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
});

const report = (args: readonly string[]): Promise<CliResult> => runCli(['report', ...args], { cwd: place.path });

describe('files of a run', () => {
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
  const lines = (text: string): unknown[] =>
    text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line)]));

  test.for([
    ['profile_export_aiperf.json', 'summary'],
    ['profile_export.jsonl', 'record'],
    ['profile_export_raw.jsonl', 'raw_record'],
    ['outputs.json', 'outputs'],
    ['profile_export_aiperf_timeslices.json', 'timeslices'],
    ['inputs.json', 'inputs'],
    ['.aiperf_results_ready.json', 'results_ready'],
  ] as const)('%s fits its JSON Schema', async ([name, schema], { expect }) => {
    const text = await readFile(join(directory, name), 'utf8');
    const documents = name.endsWith('.jsonl') ? lines(text) : [JSON.parse(text) as unknown];
    const validate = ajv.compile(JSON_SCHEMAS[schema] ?? {});
    expect(documents.length).toBeGreaterThan(0);
    for (const document of documents) expect([validate(document), validate.errors]).toEqual([true, null]);
  });
});

describe('aiperf report', () => {
  test('makes every file again from the record file, byte for byte, and prints the tables', async () => {
    const { exitCode, stdout, stderr } = await report([directory, '--output-dir', 'again']);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toContain('AIPerf | LLM Metrics');
    const names = (await readdir(join(place.path, 'again'))).toSorted();
    expect(names).toEqual((await readdir(directory)).filter((name) => !OTHER_FILES.has(name)).toSorted());
    expect(names.length).toBeGreaterThan(9);
    for (const name of names) {
      const [again, first] = await Promise.all([
        readFile(join(place.path, 'again', name)),
        readFile(join(directory, name)),
      ]);
      // A time slice's Arrow file, too: nothing in them depends on when or where they are written.
      expect(again.equals(first), name).toBe(true);
    }
  });

  test('--format writes only what it names', async () => {
    const { exitCode, stdout } = await report([directory, '--output-dir', 'some', '--format', 'parquet,csv']);
    expect(exitCode).toBe(0);
    expect(
      stdout
        .trim()
        .split('\n')
        .map((path) => extname(path)),
    ).toEqual(['.csv', '.csv', '.parquet']);
    expect((await readdir(join(place.path, 'some'))).toSorted()).toEqual([
      'profile_export.parquet',
      'profile_export_aiperf.csv',
      'profile_export_aiperf_timeslices.csv',
    ]);
  });

  test('a record whose value was changed is noticed', async () => {
    const bytes = await readFile(join(directory, 'profile_export.arrow'));
    const changed = join(place.path, 'changed.arrow');
    const found = await run(process.execPath, ['-C', '@aiperf/source', '-e', CHANGE_ONE_VALUE, directory], {
      cwd: import.meta.dirname,
    });
    const offset = Number(found.stdout);
    bytes.writeUInt8((bytes[offset] ?? 0) ^ 0x40, offset);
    await writeFile(changed, bytes);
    const { exitCode, stderr } = await report([changed, '--output-dir', 'changed', '--format', 'csv']);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/give other results than those stored with them \(profiling\..*is not as it was written/u);
  });

  test.for<[string, (name: string) => Promise<string>, RegExp]>([
    [
      'a directory without a run',
      async (name) => {
        await mkdir(join(place.path, `${name}-directory`));
        return `${name}-directory`;
      },
      /holds no profile_export\.arrow/u,
    ],
    [
      'a truncated file',
      async (name) => {
        const whole = await readFile(join(directory, 'profile_export.arrow'));
        await writeFile(join(place.path, name), whole.subarray(0, whole.length - 3000));
        return name;
      },
      /was cut off after \d+ records; `aiperf recover` finishes it/u,
    ],
    [
      'a file of another kind',
      async (name) => {
        await writeFile(join(place.path, name), 'PAR1 and so on');
        return name;
      },
      /is not an Arrow file/u,
    ],
  ])('%s: exit code 2, and why', async ([, make, message], { expect }) => {
    const { exitCode, stderr, stdout } = await report([await make('bad.arrow')]);
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
  });

  test('a run that was killed has a report after aiperf recover', async () => {
    await using server = await startMock();
    await using cli = place.startProfile(
      server.url,
      ['--streaming', '--concurrency', '4', '--benchmark-duration', '60', '--osl', '6'],
      { name: 'killed' },
    );
    const path = join(place.results('killed'), 'profile_export.arrow');
    await untilRows(path, 20);
    process.kill(cli.pid, 'SIGKILL');
    await cli.exited;
    expect((await report([path])).exitCode).toBe(2);
    expect((await runCli(['recover', path], { cwd: place.path })).exitCode).toBe(0);
    const { exitCode, stdout } = await report([place.results('killed')]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('INCOMPLETE RESULTS');
    expect(stdout).toContain('the run was killed');
    const summary = JSON.parse(
      readFileSync(join(place.results('killed'), 'profile_export_aiperf.json'), 'utf8'),
    ) as Record<string, { readonly avg: number } | undefined>;
    expect(summary['request_count']?.avg).toBeGreaterThanOrEqual(20);
    expect(summary['is_complete']).toBe(false);
  });
});

/** Prints where the largest request latency of a run lies in its file: the second byte of the number, so that a bit more matters. */
const CHANGE_ONE_VALUE = `
import { openArrowFile } from '@aiperf/records/file';
import { readFileSync } from 'node:fs';
const path = process.argv[1] + '/profile_export.arrow';
await using file = await openArrowFile(path);
let largest = 0n;
for await (const batch of file.batches(['request_latency', 'benchmark_phase'])) {
  const kinds = batch.strings('benchmark_phase');
  batch.bigints('request_latency').forEach((value, row) => {
    if (kinds[row] === 'profiling' && value > largest) largest = value;
  });
}
const wanted = Buffer.alloc(8);
wanted.writeBigInt64LE(largest);
console.log(readFileSync(path).indexOf(wanted) + 2);
`;
