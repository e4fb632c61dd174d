import type { ColumnBatch, OpenRecordSink, RecordSink } from '@aiperf/records/file';
import { concatMap, type Observable, Subject } from 'rxjs';

/** Record sinks whose batches are seen when they have been written. */
export interface ObservedSinks {
  /** A batch a message, decoded for those who listen; completes with {@link complete}. */
  readonly batches$: Observable<ColumnBatch>;
  wrap(open: OpenRecordSink): OpenRecordSink;
  complete(): void;
}

interface Written {
  readonly schema: Parameters<OpenRecordSink>[0];
  readonly message: Uint8Array;
}

async function read({ schema, message }: Written): Promise<ColumnBatch> {
  // Loads Arrow, which a run in processes of its own does without here.
  const { readBatchMessage } = await import('@aiperf/records/file');
  return await readBatchMessage(schema, message);
}

export function observedSinks(): ObservedSinks {
  const written = new Subject<Written>();
  return {
    batches$: written.pipe(concatMap(read)),
    wrap: (open) => async (schema) => {
      const sink = await open(schema);
      return observed(sink, (message) => written.next({ schema, message }));
    },
    complete: () => written.complete(),
  };
}

function observed(sink: RecordSink, onAppended: (message: Uint8Array) => void): RecordSink {
  return {
    get rowCount() {
      return sink.rowCount;
    },
    append: async (message) => {
      await sink.append(message);
      onAppended(message);
    },
    scan: (columns, visit, wants) => sink.scan(columns, visit, wants),
    finish: (metadata) => sink.finish(metadata),
  };
}
