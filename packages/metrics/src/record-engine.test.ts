import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatasetStoreWriter, storeDirectory } from '@aiperf/dataset';
import { RawBatchWriter } from '@aiperf/records';
import { expect, test, vi } from 'vitest';
import { RecordEngine } from './record-engine.ts';
import { runPlan } from './service.test.support.ts';
import { contentEvent, requestRecord } from './test-records.test.support.ts';

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

test('small batches are put together until the load is over', async () => {
  await using directory = await createDirectory();
  const rowCounts: number[] = [];
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const engine = await RecordEngine.create(runPlan(directory.path), 'record_processor_1', {
      metrics: ({ header }) => rowCounts.push(header.rows),
      unreadable: (error) => expect.unreachable(error.message),
    });
    for (let number = 0; number < 3; number++) await engine.process(number, rawBatch(number, 1, 2), 0);
    expect(rowCounts).toEqual([]);
    vi.advanceTimersByTime(250);
    expect(rowCounts).toEqual([3]);
    await engine.process(3, rawBatch(3, 1, 2), 0);
    engine.hurry();
    expect(rowCounts).toEqual([3, 1]);
    await engine.process(4, rawBatch(4, 1, 2), 0);
    expect(rowCounts).toEqual([3, 1, 1]);
    engine.close();
  } finally {
    vi.useRealTimers();
  }
});
