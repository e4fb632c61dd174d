import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatasetStoreWriter, storeDirectory } from '@aiperf/dataset';
import { createRequestIds, RawBatchWriter } from '@aiperf/records';
import { expect, test, vi } from 'vitest';
import { BackgroundEngine, type BackgroundEngineOptions } from '../../../packages/metrics/src/background-engine.ts';
import { createMetricSet } from '../../../packages/metrics/src/metric-set.ts';
import { createRecordSchema } from '../../../packages/metrics/src/record-schema.ts';
import { runPlan } from '../../../packages/metrics/src/service.test.support.ts';
import { readMessage } from '@aiperf/records/testing';
import { CHAT_MODE, contentEvent, requestRecord } from '../../../packages/metrics/src/test-records.test.support.ts';

const schema = createRecordSchema(createMetricSet(CHAT_MODE));

/** A run's private directory with a dataset. */
async function createDirectory(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'aiperf-engine-'));
  using store = createDatasetStoreWriter(storeDirectory(path));
  store.add({ id: 'session_000000', turns: [{ body: Buffer.from('{}'), inputTokens: 10 }] });
  store.finish();
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

function rawBatch(firstCreditId: number, count: number, tokens: number): Uint8Array {
  const writer = new RawBatchWriter('worker_1');
  const record = requestRecord({
    phaseIndex: 1,
    conversationIndex: 0,
    reads: Array.from(
      { length: tokens },
      (_, index) =>
        [50_000_000 + index * 1e6, contentEvent({ content: ' word' }, index === tokens - 1 ? 'stop' : null)] as const,
    ),
  });
  for (let index = 0; index < count; index++) writer.append(Object.assign(record, { creditId: firstCreditId + index }));
  return writer.take();
}

/** An engine with the request ids that came out of it. Its thread takes the idle class for good, so not in the process of unit tests. */
async function createRig(more: Partial<BackgroundEngineOptions> = {}) {
  const directory = await createDirectory();
  const requestIds: string[] = [];
  const failures: Error[] = [];
  const unreadable: string[] = [];
  let takeOverCount = 0;
  const engine = new BackgroundEngine({
    plan: runPlan(directory.path),
    recordProcessorId: 'record_processor_1',
    events: {
      metrics: ({ message }) => {
        for (const row of readMessage(schema, message).toArray()) requestIds.push(String(row['x_request_id']));
      },
      unreadable: (message) => unreadable.push(message),
      failed: (error) => failures.push(error),
      tookOver: () => {
        takeOverCount += 1;
      },
    },
    ...more,
  });
  return {
    engine,
    requestIds,
    failures,
    unreadable,
    takeOverCount: () => takeOverCount,
    [Symbol.asyncDispose]: async () => {
      await engine.close();
      await directory[Symbol.asyncDispose]();
    },
  };
}

const idsOf = (count: number): string[] => {
  const ids = createRequestIds(runPlan('').benchmarkId);
  return Array.from({ length: count }, (_, creditId) => ids.requestId(1, creditId));
};

test('a background engine hands out every row once, and drains what waits for company', async () => {
  await using rig = await createRig();
  for (let batch = 0; batch < 3; batch++) await rig.engine.process(rawBatch(batch * 10, 10, 2));
  await rig.engine.process(Buffer.from('nonsense'));
  await rig.engine.drain();
  expect(rig.requestIds).toEqual(idsOf(30));
  expect(rig.unreadable).toHaveLength(1);
  expect(rig.failures).toEqual([]);
});

test('a starved thread is given up after the load, and no row is lost or comes twice', async () => {
  // As if the thread had not run at all; in fact it has handed out a part of the rows by then.
  await using rig = await createRig({ threadCpuMs: () => 0, watchIntervalMs: 5 });
  const taken = Array.from({ length: 12 }, (_, batch) => rig.engine.process(rawBatch(batch * 500, 500, 10)));
  await taken[0];
  rig.engine.hurry();
  await vi.waitFor(() => expect(rig.takeOverCount()).toBe(1), { timeout: 15_000 });
  await Promise.all(taken);
  await rig.engine.drain();
  expect(rig.requestIds.toSorted()).toEqual(idsOf(6_000).toSorted());
  expect(rig.failures).toEqual([]);
});

test('a thread that gets its share goes on after the load', async () => {
  let cpuMs = 0;
  await using rig = await createRig({ threadCpuMs: () => (cpuMs += 1e6), watchIntervalMs: 5 });
  const taken = Array.from({ length: 12 }, (_, batch) => rig.engine.process(rawBatch(batch * 500, 500, 10)));
  await taken[0];
  rig.engine.hurry();
  await Promise.all(taken);
  await rig.engine.drain();
  expect(rig.takeOverCount()).toBe(0);
  expect(rig.requestIds).toEqual(idsOf(6_000));
});
