import type { RecordSink } from '@aiperf/records/file';
import { Subject, throwError } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { MetricBatch } from '../metric-batch.ts';
import { writeTo } from './write-to.ts';

/** A sink that waits with each append until it is let go, and tells what became of it. */
function heldSink() {
  const events: string[] = [];
  const holds: PromiseWithResolvers<void>[] = [];
  const sink: RecordSink = {
    rowCount: 0,
    append: ([number]) => {
      events.push(`append ${number}`);
      const hold = Promise.withResolvers<void>();
      holds.push(hold);
      return hold.promise;
    },
    scan: () => Promise.resolve(),
    finish: (metadata) => {
      events.push(`finish ${JSON.stringify([...metadata])}`);
      return Promise.resolve();
    },
  };
  return { sink, events, holds };
}

function batchOf(number: number, chunks?: number): MetricBatch {
  const header = { record_processor_id: 'p', rows: 1, phases: {}, errors: [], output_tokens: 0, live: {} };
  const more = chunks === undefined ? {} : { chunks: Uint8Array.of(chunks) };
  return { header, message: Uint8Array.of(number), ...more };
}

describe('writeTo', () => {
  test('writes nothing before it is subscribed to', () => {
    const { sink, events } = heldSink();
    writeTo({ records: sink })(new Subject());
    expect(events).toEqual([]);
  });

  test('writes one batch at a time, both files of it, says when it is done, and passes it on', async () => {
    const [records, chunks] = [heldSink(), heldSink()];
    const events: string[] = [];
    const batches = new Subject<MetricBatch & { readonly done?: () => void }>();
    batches.pipe(writeTo({ records: records.sink, chunks: chunks.sink })).subscribe({
      next: ({ message: [number] }) => events.push(`written ${number}`),
      complete: () => events.push('over'),
    });
    batches.next({ ...batchOf(1, 7), done: () => events.push('done 1') });
    batches.next(batchOf(2));
    await turn();
    expect([records.events, chunks.events]).toEqual([['append 1'], ['append 7']]);
    records.holds[0]?.resolve();
    await turn();
    expect(events).toEqual([]);
    chunks.holds[0]?.resolve();
    await turn();
    expect(events).toEqual(['done 1', 'written 1']);
    expect(records.events).toEqual(['append 1', 'append 2']);
    batches.complete();
    await turn();
    expect(events).toHaveLength(2);
    records.holds[1]?.resolve();
    await turn();
    expect(events).toEqual(['done 1', 'written 1', 'written 2', 'over']);
    expect([records.events.at(-1), chunks.events.at(-1)]).toEqual(['finish []', 'finish []']);
  });

  test('completes when the files are whole, with what was concluded when all was written', async () => {
    const { sink, events, holds } = heldSink();
    const concluded = Promise.withResolvers<ReadonlyMap<string, string>>();
    const batches = new Subject<MetricBatch>();
    batches
      .pipe(
        writeTo({ records: sink }, () => {
          events.push('conclude');
          return concluded.promise;
        }),
      )
      .subscribe({ complete: () => events.push('over') });
    batches.next(batchOf(1));
    batches.complete();
    holds[0]?.resolve();
    await turn();
    expect(events).toEqual(['append 1', 'conclude']);
    concluded.resolve(new Map([['rows', '1']]));
    await turn();
    expect(events).toEqual(['append 1', 'conclude', 'finish [["rows","1"]]', 'over']);
  });

  test('a failed write is the error of the stream, and the file is not finished', async () => {
    const { sink, events, holds } = heldSink();
    const batches = new Subject<MetricBatch>();
    batches.pipe(writeTo({ records: sink })).subscribe({ error: (error: Error) => events.push(error.message) });
    batches.next(batchOf(1));
    holds[0]?.reject(new Error('the disk is full'));
    await turn();
    expect(events).toEqual(['append 1', 'the disk is full']);
  });

  test('errors of the source pass through', () => {
    new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(({ expectObservable }) => {
      const { sink } = heldSink();
      expectObservable(throwError(() => new Error('cut')).pipe(writeTo({ records: sink }))).toBe(
        '#',
        undefined,
        new Error('cut'),
      );
    });
  });
});
