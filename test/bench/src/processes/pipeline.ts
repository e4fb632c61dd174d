import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CLI } from '../paths.ts';
import { type MeasuredRun, runToSuccess } from './measured-run.ts';
import { temporaryDirectory } from './temporary-directory.ts';

/** A run of a profiler, ours or AIPerf's, with what its own summary says. */
export interface ProfileRun extends MeasuredRun {
  readonly requestCount: number;
  readonly errorCount: number;
  /** From the first request to the last response, as the profiler saw it. */
  readonly durationSec: number;
  readonly requestsPerSec: number;
  readonly tokensPerSec: number;
  /** Mean number of tokens counted in an answer. */
  readonly meanOutputTokens: number;
}

/** A closed-loop load, in the counts that both profilers take. */
export interface Load {
  readonly streams: number;
  readonly requestCount: number;
  readonly outputTokens: number;
}

/** Distinct bodies, few enough that the mock server parses each once for all. */
const DATASET_ENTRIES = 1000;

/** The load as options of either profiler. */
export function loadFlags({ streams, requestCount, outputTokens }: Load): readonly string[] {
  const flags = {
    '--concurrency': streams,
    '--request-count': requestCount,
    '--osl': outputTokens,
    '--num-dataset-entries': Math.min(DATASET_ENTRIES, requestCount),
  };
  return Object.entries(flags).flatMap(([flag, count]) => [flag, String(count)]);
}

export interface PipelineOptions {
  readonly url: string;
  readonly load: Load;
  readonly deadlineSec: number;
  readonly onStart?: (pid: number) => void;
  /** Looks at the result files before they are removed. */
  readonly inspect?: (directory: string) => Promise<void>;
}

/** What every run of the command has in common: streaming, 64 prompt tokens, every file that a user gets. */
const COMMON_FLAGS = ['--model', 'mock', '--streaming', '--isl', '64', '--ui', 'none'];

/** Runs `aiperf profile` from the bundle, with all processes, record files and exact metrics. */
export async function runPipeline(options: PipelineOptions): Promise<ProfileRun> {
  const { url, load, deadlineSec, onStart, inspect } = options;
  await using directory = await temporaryDirectory();
  const artifacts = join(directory.path, 'run');
  const run = await runToSuccess({
    command: [
      process.execPath,
      CLI,
      'profile',
      '--url',
      url,
      '--artifact-dir',
      artifacts,
      ...COMMON_FLAGS,
      '--host-tuning',
      process.env['AIPERF_HOST_TUNING'] ?? 'off',
      ...loadFlags(load),
    ],
    cwd: directory.path,
    deadlineSec,
    // Its private directory lies here as well, so that nothing stays when it is killed.
    env: { ...process.env, TMPDIR: directory.path },
    ...(onStart === undefined ? {} : { onStart }),
  });
  const result = await readSummary(run, artifacts);
  await inspect?.(artifacts);
  return result;
}

interface Metric {
  readonly avg?: number;
}

/** Reads `profile_export_aiperf.json`, which has the same keys from both programs. */
export async function readSummary(run: MeasuredRun, artifacts: string): Promise<ProfileRun> {
  const text = await readFile(join(artifacts, 'profile_export_aiperf.json'), 'utf8');
  const summary = JSON.parse(text) as Record<string, Metric | undefined>;
  const average = (tag: string): number => summary[tag]?.avg ?? NaN;
  return {
    ...run,
    requestCount: average('request_count'),
    errorCount: summary['error_request_count']?.avg ?? 0,
    durationSec: average('benchmark_duration'),
    requestsPerSec: average('request_throughput'),
    tokensPerSec: average('output_token_throughput'),
    meanOutputTokens: average('output_sequence_length'),
  };
}
