import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { receiveEach } from '@aiperf/comms';
import { createTestContext } from '@aiperf/comms/testing';
import type { RunPlan } from '@aiperf/config';
import { createDatasetStoreWriter, storeDirectory } from '@aiperf/dataset';
import type { TimingMessages } from '@aiperf/timing';
import { createRequestIds, RawBatchWriter, type RequestRecord } from '@aiperf/records';
import { describe, expect, test, vi } from 'vitest';
import { decodeMetricBatch, type MetricBatch } from './metric-batch.ts';
import { createMetricSet } from './metric-set.ts';
import { createRecordSchema } from './record-schema.ts';
import { createRecordProcessor } from './service-record-processor.ts';
import { runPlan } from './service.test.support.ts';
import { readMessage } from '@aiperf/records/testing';
import { changed, CHAT_MODE, contentEvent, requestRecord } from './test-records.test.support.ts';

const ids = createRequestIds(runPlan('').benchmarkId);
const schema = createRecordSchema(createMetricSet(CHAT_MODE));

/** A configured record processor on a network of its own, with what it sends gathered. */
async function createRig(change: (plan: RunPlan) => RunPlan = (plan) => plan) {
  const directory = await mkdtemp(join(tmpdir(), 'aiperf-metrics-'));
  {
    using store = createDatasetStoreWriter(storeDirectory(directory));
    for (const id of ['session_000000', 'session_000001']) {
      store.add({ id, turns: [{ body: Buffer.from('{}'), inputTokens: 10 }] });
    }
    store.finish();
  }
  const rig = createTestContext<TimingMessages>({ serviceId: 'record_processor_1' });
  const peer = rig.peer('peer');
  const service = createRecordProcessor({ ownsProcess: false })(rig.context);
  const batches: MetricBatch[] = [];
  receiveEach(peer.context.sockets.pull('records'), (frames) => {
    batches.push(decodeMetricBatch(frames));
  }).subscribe();
  await service.configure(change(runPlan(directory)));
  await service.start();
  const raw = peer.context.sockets.push('raw_inference_proxy_frontend');
  return {
    rig,
    peer,
    service,
    batches,
    raw,
    /** The first batch waits for the vocabulary, which a busy machine loads in seconds. */
    waitForRows: (expected: number) =>
      vi.waitFor(() => expect(batches.reduce((sum, { header }) => sum + header.rows, 0)).toBe(expected), {
        timeout: 15_000,
      }),
    [Symbol.asyncDispose]: async () => {
      try {
        await service.stop();
      } finally {
        rig.stop();
        peer.stop();
        await rm(directory, { recursive: true, force: true });
      }
    },
  };
}

function rawBatch(records: readonly RequestRecord[]): Uint8Array {
  const writer = new RawBatchWriter('worker_1');
  for (const record of records) writer.append(record);
  return writer.take();
}

function withServerCount(useServerTokenCount: boolean): (plan: RunPlan) => RunPlan {
  return ({ config, ...plan }) => ({
    ...plan,
    config: { ...config, endpoint: { ...config.endpoint, useServerTokenCount } },
  });
}

const answered = requestRecord({
  phaseIndex: 1,
  conversationIndex: 1,
  reads: [
    [50_000_000, contentEvent({ content: 'Hello' })],
    [60_000_000, contentEvent({ content: ' world' }, 'stop')],
    [60_500_000, 'data: [DONE]\n\n'],
  ],
});

describe('record processor', () => {
  test('turns a raw batch into a metric batch with ids, counted tokens and metrics', async () => {
    await using rig = await createRig();
    await rig.raw.send([rawBatch([answered, changed(answered, { creditId: 1, phaseIndex: 0, conversationIndex: 0 })])]);
    await rig.waitForRows(2);
    const [batch] = rig.batches;
    if (batch === undefined) throw new Error('no batch');
    expect(batch.header).toMatchObject({
      record_processor_id: 'record_processor_1',
      phases: { 0: { rows: 1, errors: 0 }, 1: { rows: 1, errors: 0 } },
    });
    const rows = readMessage(schema, batch.message)
      .toArray()
      .map((row: { toJSON(): Record<string, unknown> }) => row.toJSON());
    expect(rows).toMatchObject([
      {
        x_request_id: ids.requestId(1, 0),
        conversation_id: 'session_000001',
        worker_id: 'worker_1',
        benchmark_phase: 'profiling',
        time_to_first_token: 49_000_000n,
        output_sequence_length: 2,
        inter_token_latency: 10_000_000,
      },
      { x_request_id: ids.requestId(0, 1), conversation_id: 'session_000000', benchmark_phase: 'warmup' },
    ]);
    expect(rig.rig.failures).toEqual([]);
  });

  test('stop waits for what was received', async () => {
    await using rig = await createRig();
    await rig.raw.send([rawBatch(Array.from({ length: 1500 }, (_, creditId) => changed(answered, { creditId })))]);
    rig.peer.context.bus.publish('credits_complete', { was_cancelled: false });
    await rig.waitForRows(1500);
    await rig.raw.send([rawBatch([answered])]);
    // The batch has been taken when the handler has run.
    await new Promise((resolve) => setImmediate(resolve));
    await rig.service.stop();
    await rig.waitForRows(1501);
  });

  const withoutTokenizer = ({ config, ...plan }: RunPlan): RunPlan => ({
    ...plan,
    config: { ...config, tokenizer: { name: 'no-such-tokenizer' } },
  });

  test('no tokenizer is needed where the server counts the tokens', async () => {
    await using rig = await createRig((plan) => withServerCount(true)(withoutTokenizer(plan)));
    await rig.raw.send([rawBatch([answered])]);
    await rig.waitForRows(1);
    expect(rig.rig.failures).toEqual([]);
  });

  test('a tokenizer that cannot be loaded ends the service', async () => {
    await using rig = await createRig(withoutTokenizer);
    await vi.waitFor(
      () =>
        expect(rig.rig.failures).toMatchObject([
          { code: 'AIPERF_METRICS_ENGINE', message: expect.stringContaining('no-such-tokenizer') },
        ]),
      { timeout: 15_000 },
    );
  });

  test('what cannot be read is logged and the next batch is processed', async () => {
    await using rig = await createRig();
    await rig.raw.send([Buffer.from('nonsense')]);
    await rig.raw.send([rawBatch([answered]), Buffer.from('too much')]);
    await rig.raw.send([rawBatch([answered])]);
    await rig.waitForRows(1);
    expect(rig.rig.logLines.filter(({ level }) => level === 'error')).toHaveLength(2);
    expect(rig.rig.failures).toEqual([]);
  });
});
