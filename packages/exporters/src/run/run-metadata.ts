import type { RunResults } from '@aiperf/metrics';
import type { AnalyzedPhase } from '@aiperf/metrics/analysis';
import { ExportError } from '../export-error.ts';
import type { RunDescription } from '../json-summary.ts';

/** Keys of a record file's schema metadata. Every value but the versions, the id and the command line is JSON. */
export const METADATA_KEYS = {
  schemaVersion: 'aiperf.schema_version',
  version: 'aiperf.version',
  benchmarkId: 'aiperf.benchmark_id',
  commandLine: 'aiperf.command_line',
  inputConfig: 'aiperf.input_config',
  config: 'aiperf.run_config',
  clockOrigin: 'aiperf.clock_origin',
  phases: 'aiperf.phases',
  measured: 'aiperf.measured',
  hostTuning: 'aiperf.host_tuning',
  summary: 'aiperf.summary',
} as const;

const REDACTED = '<redacted>';

/** A JSON object of unknown shape. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What a run's configuration said about its files. */
export interface OutputChoices {
  readonly endpointType: string;
  readonly exportLevel: 'summary' | 'records' | 'raw';
  readonly prefix: string | undefined;
  readonly formats: readonly string[];
  readonly hasOutputs: boolean;
  readonly hasHttpTrace: boolean;
  readonly showsTraceTiming: boolean;
}

/** Names of a run's phases, by index. */
export function phaseNamesOf(config: JsonObject): string[] {
  const phases = Array.isArray(config['phases']) ? (config['phases'] as readonly JsonObject[]) : [];
  return phases.map(({ name }, index) => (typeof name === 'string' ? name : `phase_${index}`));
}

/** Headers that every request had beside its ids, in their order; values that may be secrets are redacted. */
export function requestHeadersOf(
  config: JsonObject,
  { aiperfVersion, inputConfig }: RunDescription,
): (readonly [name: string, value: string])[] {
  const { endpoint } = groupsOf(config);
  const shown = (inputConfig as { readonly endpoint?: JsonObject }).endpoint?.['headers'];
  const own = typeof shown === 'object' && shown !== null ? Object.entries(shown) : [];
  return [
    ['User-Agent', `aiperf/${aiperfVersion}`],
    ['Accept', endpoint['streaming'] === true ? 'text/event-stream' : 'application/json'],
    ['Content-Type', 'application/json'],
    ['X-Session-Affinity', REDACTED],
    ...(endpoint['apiKey'] === undefined ? [] : [['Authorization', REDACTED] as const]),
    ...own.map(([name, value]) => [name, String(value)] as const),
  ];
}

/** Zero point of a run's monotonic times. */
export interface RecordedOrigin {
  readonly monotonicNs: bigint;
  readonly epochNs: bigint;
}

/** The results as the records manager stored them; `undefined` when it never came to that. */
export function storedResults(metadata: ReadonlyMap<string, string>, path: string): RunResults | undefined {
  return jsonOf(metadata, METADATA_KEYS.summary, path) as RunResults | undefined;
}

/** The phases as the timing manager counted them; `undefined` for a run that did not come to its end. */
export function storedPhases(metadata: ReadonlyMap<string, string>, path: string): AnalyzedPhase[] | undefined {
  const phases = jsonOf(metadata, METADATA_KEYS.phases, path);
  if (!Array.isArray(phases)) return undefined;
  // A time that was never reported has no form in JSON.
  return (phases as readonly (AnalyzedPhase & { readonly startNs: number | null })[]).map((phase) =>
    Object.assign({}, phase, { startNs: phase.startNs ?? Number.NaN }),
  );
}

/** What was measured beside the requests, by tag of its metric. */
export function storedMeasured(
  metadata: ReadonlyMap<string, string>,
  path: string,
): ReadonlyMap<string, readonly number[]> {
  return new Map(Object.entries((jsonOf(metadata, METADATA_KEYS.measured, path) ?? {}) as Record<string, number[]>));
}

/** What a summary says about its run. */
export function storedDescription(metadata: ReadonlyMap<string, string>, path: string): RunDescription {
  const { input } = groupsOf(storedConfig(metadata, path));
  const randomSeed = input['randomSeed'];
  return {
    aiperfVersion: metadata.get(METADATA_KEYS.version) ?? 'unknown',
    benchmarkId: metadata.get(METADATA_KEYS.benchmarkId) ?? 'unknown',
    commandLine: metadata.get(METADATA_KEYS.commandLine) ?? '',
    inputConfig: jsonOf(metadata, METADATA_KEYS.inputConfig, path) ?? {},
    ...(typeof randomSeed === 'number' ? { randomSeed } : {}),
  };
}

/** The resolved configuration, secrets redacted; numbers without a JSON form are null. */
export function storedConfig(metadata: ReadonlyMap<string, string>, path: string): JsonObject {
  return jsonOf(metadata, METADATA_KEYS.config, path) ?? {};
}

export function storedOrigin(metadata: ReadonlyMap<string, string>, path: string): RecordedOrigin {
  const origin = jsonOf(metadata, METADATA_KEYS.clockOrigin, path) ?? {};
  const { monotonicNs = '0', epochNs = '0' } = origin as Partial<Record<keyof RecordedOrigin, string>>;
  return { monotonicNs: BigInt(monotonicNs), epochNs: BigInt(epochNs) };
}

/** Options that the run's version did not know count as not given. */
export function outputChoices(config: JsonObject): OutputChoices {
  const { endpoint, output } = groupsOf(config);
  const { exportLevel, exportPrefix, exportFormats } = output;
  return {
    endpointType: typeof endpoint['type'] === 'string' ? endpoint['type'] : 'chat',
    exportLevel: exportLevel === 'summary' || exportLevel === 'raw' ? exportLevel : 'records',
    prefix: typeof exportPrefix === 'string' ? exportPrefix : undefined,
    formats: Array.isArray(exportFormats) ? exportFormats.map(String) : ['arrow'],
    hasOutputs: output['exportOutputs'] === true,
    hasHttpTrace: output['exportHttpTrace'] === true,
    showsTraceTiming: output['showTraceTiming'] === true,
  };
}

function groupsOf(config: JsonObject): Readonly<Record<'endpoint' | 'input' | 'output', JsonObject>> {
  const group = (name: string): JsonObject => {
    const value = config[name];
    return typeof value === 'object' && value !== null ? (value as JsonObject) : {};
  };
  return { endpoint: group('endpoint'), input: group('input'), output: group('output') };
}

function jsonOf(metadata: ReadonlyMap<string, string>, key: string, path: string): JsonObject | undefined {
  const text = metadata.get(key);
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value as JsonObject;
  } catch {
    // Said below.
  }
  throw new ExportError('AIPERF_EXPORT_CORRUPT_FILE', `${path}: the metadata "${key}" is not a JSON object`);
}
