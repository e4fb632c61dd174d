import type { OpenRecordSink, RecordSink } from '@aiperf/records/file';
import { testMessage, testRows, testSchema } from '@aiperf/records/testing';
import { lastValueFrom, map, toArray } from 'rxjs';
import { expect, test } from 'vitest';
import { observedSinks } from './observed-sink.ts';

function sinkThat(append: RecordSink['append']): OpenRecordSink {
  const sink: RecordSink = { rowCount: 3, append, scan: () => Promise.resolve(), finish: () => Promise.resolve() };
  return () => Promise.resolve(sink);
}

test('batches are seen in their order when they have been written, every column of them', async () => {
  const sinks = observedSinks();
  const seen = lastValueFrom(
    sinks.batches$.pipe(
      map((batch) => [batch.rowCount, batch.numbers('turn')[0]]),
      toArray(),
    ),
  );
  const sink = await sinks.wrap(sinkThat(() => Promise.resolve()))(testSchema);
  expect(sink.rowCount).toBe(3);
  await sink.append(testMessage(testRows(2, 1)));
  await sink.append(testMessage(testRows(5, 3)));
  sinks.complete();
  await expect(seen).resolves.toEqual([
    [2, 1],
    [5, 3],
  ]);
});

test('a batch that could not be written is not seen', async () => {
  const sinks = observedSinks();
  const seen = lastValueFrom(sinks.batches$.pipe(toArray()));
  const sink = await sinks.wrap(sinkThat(() => Promise.reject(new Error('the disk is full'))))(testSchema);
  await expect(sink.append(testMessage(testRows(2)))).rejects.toThrow('the disk is full');
  sinks.complete();
  await expect(seen).resolves.toEqual([]);
});
