import { join } from 'node:path';
import { Schema } from 'apache-arrow';
import type { RunResults } from '@aiperf/metrics';
import { ArrowRecordSink } from '@aiperf/records/file';
import { METADATA_KEYS } from '../run/run-metadata.ts';
import { recordMessage, recordSchema, type RecordRow } from './record-file.ts';

/** What a run's record file is to hold. */
export interface RunFile {
  readonly results: RunResults;
  /** `output` options of the run. */
  readonly output?: object;
  /** All options of the run, in place of the usual ones. */
  readonly config?: object;
  readonly inputConfig?: object;
  readonly batches?: readonly (readonly RecordRow[])[];
  readonly schemaVersion?: string;
  /** Default: `profile_export.arrow`. */
  readonly name?: string;
}

const CONFIG = {
  endpoint: { type: 'chat' },
  input: { randomSeed: 7, extraInputs: {} },
  metrics: { modules: [], goodput: [] },
  phases: [],
};

/** Writes a record file as the records manager does. */
export async function writeRun(directory: string, run: RunFile): Promise<void> {
  const { results, output = {}, inputConfig = { a: [] }, schemaVersion = '1.0' } = run;
  const { batches = [[{ session_num: 0n, conversation_id: 's', worker_id: 'w' }]] } = run;
  const metadata = new Map<string, string>([
    [METADATA_KEYS.schemaVersion, schemaVersion],
    [METADATA_KEYS.version, '0.1.0'],
    [METADATA_KEYS.benchmarkId, 'abcdef012345'],
    [METADATA_KEYS.commandLine, 'aiperf profile'],
    [METADATA_KEYS.inputConfig, JSON.stringify(inputConfig)],
    [METADATA_KEYS.config, JSON.stringify(run.config ?? { ...CONFIG, output })],
    [METADATA_KEYS.clockOrigin, JSON.stringify({ monotonicNs: '1000', epochNs: '1795333656000000000' })],
  ]);
  const schema = new Schema(recordSchema.fields, metadata);
  await using sink = await ArrowRecordSink.create(join(directory, run.name ?? 'profile_export.arrow'), schema);
  for (const rows of batches) await sink.append(recordMessage(rows, schema));
  await sink.finish(new Map([[METADATA_KEYS.summary, JSON.stringify(results)]]));
}
