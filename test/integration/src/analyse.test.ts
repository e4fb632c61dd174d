import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { pythonIfAny } from '@aiperf/tooling-scripts/python-venv';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startMock } from './support/mock.ts';
import { type Workplace, workplace } from './support/workplace.ts';

const run = promisify(execFile);
const python = await pythonIfAny(['pyarrow', 'polars', 'duckdb', 'pandas']);
if (python === undefined) console.warn('No python3 with venv here: the Python of docs/analyse.md is not tested.');

const REQUESTS = 40;
const page = readFileSync(join(import.meta.dirname, '../../../docs/analyse.md'), 'utf8');

/** Code of every block of a language, in the order of the page. */
function blocksOf(language: string): string[] {
  return [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gmu)].flatMap(([, name, code = '']) =>
    name === language ? [code] : [],
  );
}

let place: Workplace;
let directory = '';

beforeAll(async () => {
  place = await workplace();
  directory = place.results();
  await using server = await startMock();
  const args = ['--streaming', '--concurrency', '4', '--request-count', String(REQUESTS), '--osl', '6'];
  const { exitCode, stderr } = await place.profile(server.url, [
    ...args,
    '--warmup-request-count',
    '3',
    '--export-format',
    'arrow,parquet',
  ]);
  expect([exitCode, stderr]).toEqual([0, '']);
});

afterAll(async () => {
  await place[Symbol.asyncDispose]();
});

/** What a program of this package's own dependencies prints, run in the run directory. */
async function printedByNode(code: string, extension: 'mjs' | 'ts'): Promise<string> {
  const path = join(import.meta.dirname, `analyse-block-${process.pid}.${extension}`);
  await writeFile(path, code);
  try {
    const { stdout } = await run(process.execPath, ['-C', '@aiperf/source', path], { cwd: directory });
    return stdout;
  } finally {
    await rm(path);
  }
}

describe.skipIf(python === undefined)('Python (needs Python 3 with venv, and its packages)', () => {
  const shown = ['43 requests of aiperf profile', 'time_to_first_token', 'request_latency', 'p99.9 gap, ms', 'p99_ms'];

  test.for(blocksOf('python').map((code, i) => [shown[i] ?? '', code] as const))(
    'the block that shows %s runs',
    async ([words, code], { expect }) => {
      const { stdout } = await run(python ?? '', ['-c', code], { cwd: directory });
      expect(stdout).toContain(words);
    },
  );

  test('the SQL runs over the Parquet file', async () => {
    const [sql = ''] = blocksOf('sql');
    const script = `import duckdb, json, sys\nprint(json.dumps(duckdb.sql(sys.argv[1]).fetchall()))`;
    const { stdout } = await run(python ?? '', ['-c', script, sql], { cwd: directory });
    expect(JSON.parse(stdout)).toEqual([
      ['profiling', REQUESTS, [expect.any(Number), expect.any(Number)]],
      ['warmup', 3, [expect.any(Number), expect.any(Number)]],
    ]);
  });

  test('the Parquet file is the Arrow file: types, units, metadata, every value', async () => {
    const script = `
import json, pyarrow as pa, pyarrow.parquet as pq
arrow = pa.ipc.open_file("profile_export.arrow").read_all()
parquet = pq.read_table("profile_export.parquet")
print(json.dumps({
    "types": arrow.schema.equals(parquet.schema),
    "units": [f.name for f in arrow.schema if f.metadata.items() - (parquet.schema.field(f.name).metadata or {}).items()],
    "metadata": sorted(k.decode() for k in arrow.schema.metadata if parquet.schema.metadata.get(k) != arrow.schema.metadata[k]),
    "columns": [n for n in arrow.column_names if not arrow[n].combine_chunks().equals(parquet[n].combine_chunks())],
    "rows": parquet.num_rows,
}))`;
    const { stdout } = await run(python ?? '', ['-c', script], { cwd: directory });
    expect(JSON.parse(stdout)).toEqual({ types: true, units: [], metadata: [], columns: [], rows: REQUESTS + 3 });
  });
});

test('DuckDB in Node.js reads the Parquet file', async () => {
  const [code = ''] = blocksOf('js');
  const printed = await printedByNode(code, 'mjs');
  const [, firstNs] = /first_ns: (\d+)n/u.exec(printed) ?? [];
  expect(Number(firstNs) / 1e6).toBeGreaterThan(Date.now() - 600_000);
  expect(printed).toMatch(/gaps: \d/u);
});

test('the package opens the run', async () => {
  const [code = ''] = blocksOf('ts');
  const lines = (await printedByNode(code, 'ts')).trim().split('\n');
  expect(lines[0]).toMatch(/^aiperf profile .* [\d.]+ ms$/u);
  expect(lines[1]).toBe(String(REQUESTS + 3));
});

test('the page’s script reads the Arrow file over HTTP', async () => {
  const [html = ''] = blocksOf('html');
  const [, script = ''] = /<script type="module">([\s\S]*?)<\/script>/u.exec(html) ?? [];
  const arrow = await readFile(join(directory, 'profile_export.arrow'));
  const server = createServer((_request, response) => response.end(arrow));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    // What a browser gives a page: a document, and addresses relative to it.
    const browser = `const element = { textContent: '' };
globalThis.document = { querySelector: () => element };
const fetchAbsolute = globalThis.fetch;
globalThis.fetch = (path) => fetchAbsolute(new URL(path, ${JSON.stringify(url)}));\n`;
    const printed = await printedByNode(`${browser}${script}\nconsole.log(element.textContent);\n`, 'mjs');
    expect(printed).toMatch(/^43 requests, median \d+\.\d\d ms\n$/u);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
