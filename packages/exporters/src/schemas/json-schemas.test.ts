import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { JSON_SCHEMAS } from './json-schemas.ts';

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true });
const validators = new Map<string, ValidateFunction>(
  Object.entries(JSON_SCHEMAS).map(([name, schema]) => [name, ajv.compile(schema)]),
);

function problemsOf(schema: string, document: unknown): string[] {
  const validate = validators.get(schema);
  if (validate === undefined) throw new Error(`no schema ${schema}`);
  if (validate(document)) return [];
  return (validate.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`);
}

/** Files of runs of AIPerf 0.13. */
const GOLDEN = fileURLToPath(new URL('../../../../test/data/golden-aiperf-0.13/', import.meta.url));

interface GoldenFile {
  readonly schema: string;
  readonly run: string;
  readonly path: string;
  readonly isLines: boolean;
}

const FILES: readonly (readonly [name: string, schema: string])[] = [
  ['outputs.json', 'outputs'],
  ['inputs.json', 'inputs'],
  ['.aiperf_results_ready.json', 'results_ready'],
  ['profile_export_aiperf_timeslices.json', 'timeslices'],
];

const golden: readonly GoldenFile[] = readdirSync(GOLDEN, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .flatMap(({ name: run }) =>
    FILES.map(([file, schema]) => ({ schema, run, path: `${GOLDEN}${run}/${file}`, isLines: false })),
  )
  .filter(({ path }) => existsSync(path));

describe('files of AIPerf 0.13 that ours are to be read in place of', () => {
  test('are there', () => {
    const counts = FILES.map(([, schema]) => [schema, golden.filter((file) => file.schema === schema).length]);
    expect(Object.fromEntries(counts)).toEqual({ outputs: 6, inputs: 8, results_ready: 8, timeslices: 5 });
  });

  test.for(golden.map((file) => [`${file.run}: ${file.schema}`, file] as const))(
    '%s fits our schema',
    ([, { schema, path }], { expect }) => {
      expect(problemsOf(schema, JSON.parse(readFileSync(path, 'utf8')))).toEqual([]);
    },
  );
});

const metadata = {
  session_num: 0,
  conversation_id: 's',
  benchmark_phase: 'profiling',
  phase_index: 0,
  was_cancelled: false,
};

describe('what a reader relies on is demanded', () => {
  test.for<[string, string, unknown, RegExp]>([
    [
      'a key that nobody knows',
      'results_ready',
      { ready: true, was_cancelled: false, partial: false, x: 1 },
      /additional/u,
    ],
    ['a missing key', 'results_ready', { ready: true }, /was_cancelled/u],
    ['a metric without its unit', 'record', { metadata, metrics: { request_latency: { value: 1 } } }, /unit/u],
    ['a count that is none', 'outputs', { schema_version: '1.0', data: [{ session_num: -1 }] }, />= 0/u],
    [
      'a response that is neither events nor text',
      'raw_record',
      { metadata, start_perf_ns: 1, request_headers: {}, responses: [{ perf_ns: 1 }], payload: {} },
      /exactly one schema/u,
    ],
  ])('%s is refused', ([, schema, document, message], { expect }) => {
    expect(problemsOf(schema, document).join('\n')).toMatch(message);
  });

  test('a plain record line fits', () => {
    expect(problemsOf('record', { metadata, metrics: { request_latency: { value: 1.5, unit: 'ms' } } })).toEqual([]);
  });
});
