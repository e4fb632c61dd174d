import type { RecordSink } from '@aiperf/records/file';
import { concat, concatMap, defer, ignoreElements, type OperatorFunction } from 'rxjs';
import type { MetricBatch } from '../metric-batch.ts';
import type { Acknowledged } from './acknowledged.ts';

/** Where the rows of a run are written. */
export interface RecordSinks {
  readonly records: RecordSink;
  /** Requests and responses of the same rows. Absent: they are not kept. */
  readonly chunks?: RecordSink | undefined;
}

/**
 * Writes batches one after the other and passes each on when it is written; it is then done. When the source completes, `conclude` gives
 * what is added to the metadata of the records, and the result completes when the files are whole. A failed write is an error, and the files
 * stay as they are.
 */
export function writeTo(
  { records, chunks }: RecordSinks,
  conclude: () => Promise<ReadonlyMap<string, string>> = () => Promise.resolve(new Map()),
): OperatorFunction<MetricBatch & Acknowledged, MetricBatch> {
  const write = async (batch: MetricBatch & Acknowledged): Promise<MetricBatch> => {
    // Both in the order of arrival, so that the files' batches belong together one by one.
    await Promise.all([
      records.append(batch.message),
      batch.chunks === undefined ? undefined : chunks?.append(batch.chunks),
    ]);
    batch.done?.();
    return batch;
  };
  const finish = async (): Promise<void> => {
    const metadata = await conclude();
    await chunks?.finish(new Map());
    await records.finish(metadata);
  };
  return (batches$) => concat(batches$.pipe(concatMap(write)), defer(finish).pipe(ignoreElements()));
}
