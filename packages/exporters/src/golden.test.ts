import { readFileSync } from 'node:fs';
import type { ConsoleGroup, ErrorCount, MetricDefinition, MetricResult, MetricUnit, RunResults } from '@aiperf/metrics';
import { describe, expect, test } from 'vitest';
import { renderConsoleReport } from './console-report.ts';
import { renderCsvSummary } from './csv-summary.ts';
import { renderJsonSummary, type RunDescription } from './json-summary.ts';

const RUNS = ['02-poisson-goodput', '03-faults-cancel', '05-chat-nostream'] as const;
type Json = Record<string, unknown>;

interface Golden {
  readonly json: string;
  readonly csv: string;
  readonly console: string;
  readonly results: RunResults;
  readonly definitions: readonly MetricDefinition[];
  readonly description: RunDescription;
}

function readGolden(run: string): Golden {
  const read = (name: string): string =>
    readFileSync(new URL(`../../../test/golden/aiperf-0.13/${run}/${name}`, import.meta.url), 'utf8');
  const [json, csv, console] = [
    read('profile_export_aiperf.json'),
    read('profile_export_aiperf.csv'),
    read('profile_export_console.txt'),
  ];
  const document = JSON.parse(json) as Json;
  const metrics = Object.entries(document).filter(
    ([, value]) => typeof value === 'object' && value !== null && 'unit' in value,
  );
  const headers = csvHeaders(csv, metrics as [string, Json][]);
  const profiling = metrics.map(([tag, object]) => {
    const { unit, ...statistics } = object as { unit: MetricUnit };
    return Object.assign({ avg: Number.NaN, unit, tag, header: headers.get(tag) ?? '' }, statistics) as MetricResult;
  });
  const runInfo = document['run_info'] as { benchmark_id: string; cli_command: string; random_seed?: number };
  const errors = document['error_summary'] as { error_details: Json; count: number }[];
  return {
    json,
    csv,
    console,
    definitions: definitionsFrom(console, profiling),
    results: {
      profiling,
      errors: errors.map(
        ({ error_details: { code, type, message }, count }) =>
          ({ code: code ?? null, type, message, kind: 'k', count }) as ErrorCount,
      ),
      requestCount: 1,
      errorCount: 0,
      cancelledCount: 0,
      lostCount: 0,
      wasCancelled: false,
      isComplete: true,
      startEpochNs: epochNs(document['start_time'] as string),
      endEpochNs: epochNs(document['end_time'] as string),
    },
    description: {
      aiperfVersion: document['aiperf_version'] as string,
      benchmarkId: runInfo.benchmark_id,
      commandLine: runInfo.cli_command,
      inputConfig: document['input_config'] as object,
      ...(runInfo.random_seed === undefined ? {} : { randomSeed: runInfo.random_seed }),
    },
  };
}

function epochNs(localTime: string): string {
  const [seconds = '', micros = ''] = localTime.split('.');
  return `${BigInt(new Date(seconds).getTime()) * 1_000_000n + BigInt(micros) * 1000n}`;
}

/** The CSV's rows stand in the order of the tags, so a row's name belongs to the tag at the same place. */
function csvHeaders(csv: string, metrics: readonly [string, Json][]): Map<string, string> {
  const [wide = '', scalars = ''] = csv.split('\r\n\r\n');
  const isWide = ([, object]: [string, Json]): boolean => 'p50' in object;
  const headers = new Map<string, string>();
  for (const [section, members] of [
    [wide, metrics.filter(isWide)],
    [scalars, metrics.filter((metric) => !isWide(metric))],
  ] as const) {
    const rows = section.trim().split('\r\n').slice(1);
    const sorted = members.toSorted(([a], [b]) => (a < b ? -1 : 1));
    expect(rows).toHaveLength(sorted.length);
    for (const [i, [tag, { unit }]] of sorted.entries()) {
      const name = rows[i]?.split(',')[0] ?? '';
      headers.set(tag, name.replace(` (${String(unit)})`, ''));
    }
  }
  return headers;
}

const GROUPS: Readonly<Record<string, ConsoleGroup>> = {
  ': Effective': 'effective',
  ': Active': 'active',
  ': Usage': 'usage',
  '': 'default',
};

/** Group and place of every metric, read from the tables. */
function definitionsFrom(console: string, profiling: readonly MetricResult[]): MetricDefinition[] {
  const places = new Map<string, { group: ConsoleGroup; order: number }>();
  let group: ConsoleGroup = 'none';
  for (const line of console.split('\n')) {
    const title = /NVIDIA AIPerf \| (?:LLM Metrics)?(: \w+|Error Summary)?/.exec(line.trim());
    if (title !== null && !line.startsWith('│')) group = GROUPS[title[1] ?? ''] ?? 'none';
    const cells = line.split('│').map((cell) => cell.trim());
    if (cells.length < 9 || group === 'none') continue;
    places.set(cells[1] ?? '', { group, order: places.size });
  }
  return profiling.map((result) => {
    const place = places.get(`${result.header} (${result.unit})`) ?? places.get(result.header);
    return {
      ...result,
      kind: 'record',
      flags: [],
      consoleGroup: place?.group ?? 'none',
      displayOrder: place?.order ?? 0,
      formula: '',
    };
  });
}

describe.for(RUNS)('%s', (run) => {
  const golden = readGolden(run);

  test('CSV is the same, byte for byte', () => {
    expect(renderCsvSummary({ ...golden.results, profiling: golden.results.profiling.toReversed() })).toBe(golden.csv);
  });

  test('JSON is the same down to the end time, byte for byte', () => {
    // Telemetry ended a little after the run, causes belong to Python's exceptions, and the kind is our own.
    const theirs = golden.json
      .replace(
        /("summary": \{[^}]*"end_time": ")[^"]*/,
        `$1${(JSON.parse(golden.json) as { end_time: string }).end_time}`,
      )
      .replaceAll(/,\n {8}"cause": .*\n {8}"cause_chain": \[[^\]]*\]/g, '');
    const ours = renderJsonSummary(golden.description, golden.results)
      .replaceAll(/,\n {8}"kind": "k"/g, '')
      .replace(/,\n {2}"quality": \{[\s\S]*?\n {2}\}/, '');
    const head = (text: string): string =>
      text.slice(0, text.indexOf('"end_time"', text.indexOf('"error_summary": [', text.indexOf('"is_complete"'))));
    expect(head(ours).length).toBeGreaterThan(3000);
    expect(head(ours)).toBe(head(theirs));

    const blocks = (text: string): [string, string][] =>
      [...text.slice(head(text).length).matchAll(/^ {2}"(\w+)": (\{[\s\S]*?^ {2}\}|"[^"]*")/gm)].map(
        ([, tag = '', block = '']) => [tag, block],
      );
    expect(new Map(blocks(ours))).toEqual(new Map(blocks(theirs)));
    const stableTail = (text: string): string[] => {
      const tags = blocks(text).map(([tag]) => tag);
      return tags.slice(tags.findIndex((tag) => /^(adj_|effective_)/.test(tag)));
    };
    expect(stableTail(ours).length).toBeGreaterThan(10);
    expect(new Set(stableTail(ours))).toEqual(new Set(stableTail(theirs)));
    const notAdjusted = (tag: string): boolean => !tag.startsWith('adj_');
    expect(stableTail(ours).filter(notAdjusted)).toEqual(stableTail(theirs).filter(notAdjusted));
    expect(ours.endsWith('}')).toBe(true);
  });

  test('console tables are the same but for the name in the title', () => {
    const ours = renderConsoleReport({
      results: { ...golden.results, profiling: golden.results.profiling.toReversed() },
      definitions: golden.definitions,
      endpointTitle: 'LLM Metrics',
      widthColumns: 140,
    }).split('\n');
    // Below the tables come warnings in our own words.
    ours.splice(ours.findLastIndex((line) => line.startsWith('└')) + 1);
    const theirs = golden.console.split('\n').slice(0, ours.length);
    const isTitle = (line: string): boolean => line.includes('AIPerf | ');
    expect(ours.length).toBeGreaterThan(30);
    expect(ours.filter((line) => !isTitle(line))).toEqual(theirs.filter((line) => !isTitle(line)));
    expect(ours.filter(isTitle).map((line) => `NVIDIA ${line.trim()}`)).toEqual(
      theirs.filter(isTitle).map((line) => line.trim()),
    );
    expect(ours.filter(isTitle).map((line) => line.length)).toEqual(theirs.filter(isTitle).map((line) => line.length));
  });
});
