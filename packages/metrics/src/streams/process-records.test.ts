import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatasetStoreWriter, storeDirectory } from '@aiperf/dataset';
import { RawBatchWriter } from '@aiperf/records';
import { firstValueFrom, from, lastValueFrom, Subject, toArray } from 'rxjs';
import { expect, test } from 'vitest';
import { runPlan } from '../service.test.support.ts';
import { contentEvent, requestRecord } from '../test-records.test.support.ts';
import { processRecords, type RawBatch } from './process-records.ts';

async function createOptions() {
  const path = await mkdtemp(join(tmpdir(), 'aiperf-streams-'));
  using store = createDatasetStoreWriter(storeDirectory(path));
  store.add({ id: 'session_000000', turns: [{ body: Buffer.from('{}'), inputTokens: 10 }] });
  store.finish();
  const unreadable: string[] = [];
  return {
    unreadable,
    options: {
      plan: runPlan(path),
      recordProcessorId: 'record_processor_1',
      givesWay: false,
      onUnreadable: (message: string) => unreadable.push(message),
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

function rawBatch(firstCreditId: number, count: number): Uint8Array {
  const writer = new RawBatchWriter('worker_1');
  const reads = [[50_000_000, contentEvent({ content: ' word' }, 'stop')]] as const;
  for (let index = 0; index < count; index += 1) {
    writer.append(requestRecord({ creditId: firstCreditId + index, phaseIndex: 1, conversationIndex: 0, reads }));
  }
  return writer.take();
}

test('every row of every batch comes out before the stream completes; each is done, and what cannot be read is told', async () => {
  await using rig = await createOptions();
  const done: number[] = [];
  const batches: RawBatch[] = [rawBatch(0, 10), Buffer.from('nonsense'), rawBatch(10, 5), rawBatch(15, 5)].map(
    (bytes, index) => ({ bytes, done: () => done.push(index) }),
  );
  const results = await lastValueFrom(from(batches).pipe(processRecords(rig.options), toArray()));
  expect(results.reduce((sum, { header }) => sum + header.rows, 0)).toBe(20);
  expect(results.every(({ header }) => header.record_processor_id === 'record_processor_1')).toBe(true);
  expect(done).toEqual([0, 1, 2, 3]);
  expect(rig.unreadable).toHaveLength(1);
});

test('nothing waits for company when the load is over', async () => {
  await using rig = await createOptions();
  const raw$ = new Subject<RawBatch>();
  const hurry$ = new Subject<void>();
  const first = firstValueFrom(raw$.pipe(processRecords({ ...rig.options, hurry$ })));
  raw$.next({ bytes: rawBatch(0, 3) });
  hurry$.next();
  await expect(first).resolves.toMatchObject({ header: { rows: 3 } });
  expect(raw$.observed).toBe(false);
  expect(hurry$.observed).toBe(false);
});

test('what keeps the thread from working is the error of the stream', async () => {
  await using rig = await createOptions();
  const { config, ...plan } = rig.options.plan;
  const broken = { ...plan, config: { ...config, tokenizer: { name: 'no-such-tokenizer' } } };
  const failed = lastValueFrom(new Subject<RawBatch>().pipe(processRecords({ ...rig.options, plan: broken })));
  await expect(failed).rejects.toMatchObject({ code: 'AIPERF_METRICS_ENGINE' });
});
