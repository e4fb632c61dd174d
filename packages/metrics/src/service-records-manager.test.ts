import { loadLawOf } from '@aiperf/timing';
import { startRoundTripProbe } from '@aiperf/transport';
import { createTestContext } from '@aiperf/comms/testing';
import { endpointOf } from '@aiperf/endpoints';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { MetricsMessages } from './messages.ts';
import { encodeMetricBatch } from './metric-batch.ts';
import type { RunResults } from './metric-definition.ts';
import { createMetricSet } from './metric-set.ts';
import { RecordProcessor } from './record-processor.ts';
import { createRecordsManager, type RecordsManagerMessages } from './service-records-manager.ts';
import { runPlan } from './service.test.support.ts';
import { CHAT_MODE, contentEvent, MemorySink, requestRecord } from './test-records.test.support.ts';

const plan = runPlan('/nowhere');

/** A record processor that makes batches of records of the given phases and outcomes. */
function batchOf(
  records: readonly { readonly phaseIndex: number; readonly outcome: 'valid' | 'failed' | 'cancelled' }[],
): readonly Uint8Array[] {
  const processor = new RecordProcessor({
    recordProcessorId: 'record_processor_1',
    metrics: createMetricSet(CHAT_MODE),
    parser: endpointOf('chat').createParser(),
    tokens: { countAll: (texts) => texts.map(() => 2) },
    names: { conversationId: () => 'c', requestId: () => 'r', correlationId: () => 's' },
    phaseKind: (index) => (index === 0 ? 'warmup' : 'profiling'),
    originEpochNs: BigInt(plan.clockOrigin.epochNs),
  });
  const rows = records.map(({ phaseIndex, outcome }) =>
    requestRecord({
      phaseIndex,
      cancelled: outcome === 'cancelled',
      reads: [
        [51_000_000, contentEvent({ content: 'Hello' })],
        [101_000_000, contentEvent({ content: ' world' }, outcome === 'valid' ? 'stop' : null)],
      ],
      timeline:
        outcome === 'cancelled' ? { error: { code: 'cancelled', type: 'RequestCancellationError', message: '' } } : {},
    }),
  );
  const raw = { workerId: 'w', rowCount: rows.length, record: (row: number) => rows[row] ?? requestRecord() };
  for (let row = 0; row < raw.rowCount;) row = processor.processGroup(raw, row);
  const batch = processor.take();
  if (batch === undefined) throw new Error('no batch');
  return encodeMetricBatch(batch);
}

async function createRig() {
  const rig = createTestContext<RecordsManagerMessages>({ serviceId: 'records_manager' });
  const peer = rig.peer('peer');
  const sinks: MemorySink[] = [];
  const service = createRecordsManager({
    openSink: () => async (schema) => {
      const sink = new MemorySink(schema);
      sinks.push(sink);
      return await Promise.resolve(sink);
    },
    startProbe: startRoundTripProbe,
    loadLawOf,
    metadata: new Map([['aiperf.version', '9.9.9']]),
  })(rig.context);
  const results: RunResults[] = [];
  const stats: MetricsMessages['processing_stats'][] = [];
  const live: MetricsMessages['realtime_metrics'][] = [];
  peer.context.bus.messages$('process_records_result').subscribe((message) => results.push(message.results));
  peer.context.bus.messages$('processing_stats').subscribe((message) => stats.push(message));
  peer.context.bus.messages$('realtime_metrics').subscribe((message) => live.push(message));
  await service.configure(plan);
  await service.start();
  const push = peer.context.sockets.push('records');
  const requests = { sent: 0, completed: 0, failed: 0, cancelled: 0, lost: 0, inFlight: 0, was_cancelled: false };
  const counts = { ...requests, sessions: 0, sessionsInFlight: 0, sessionsEndedEarly: 0, neverSent: 0 };
  return {
    rig,
    service,
    results,
    stats,
    live,
    push,
    bus: peer.context.bus,
    sink: (): MemorySink => {
      const [sink] = sinks;
      if (sink === undefined) throw new Error('no sink was opened');
      return sink;
    },
    startProfiling: () =>
      peer.context.bus.publish('credit_phase_start', {
        phase: 'profiling',
        phase_index: 1,
        phase_name: 'profiling',
        mode: 'concurrency',
        start_ns: 1_000_000,
        total_expected_requests: 4,
        total_expected_sessions: null,
        expected_duration_sec: null,
      }),
    /** Ends the run after a profiling phase with these counts. */
    end: (change: Partial<typeof counts>, wasCancelled = false) => {
      peer.context.bus.publish('credit_phase_complete', {
        ...counts,
        ...change,
        phase: 'profiling',
        phase_index: 1,
        phase_name: 'profiling',
        mode: 'concurrency',
        end_ns: 2_000_000_000,
      });
      peer.context.bus.publish('credits_complete', { was_cancelled: wasCancelled });
    },
    [Symbol.asyncDispose]: async () => {
      await service.stop();
      rig.stop();
      peer.stop();
    },
  };
}

/** Lets messages that are on their way arrive; sockets and bus of the test need no clock. */
async function turns(count = 300): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const one = (phaseIndex: number, outcome: 'valid' | 'failed' | 'cancelled' = 'valid') => ({ phaseIndex, outcome });

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('records manager', () => {
  test('publishes results when every expected record is there, and leaves a finished file', async () => {
    await using rig = await createRig();
    rig.startProfiling();
    await rig.push.send(batchOf([one(0), one(1), one(1, 'failed')]));
    await turns();
    rig.end({ sent: 4, completed: 2, failed: 1, cancelled: 1, sessions: 3 });
    await turns();
    expect(rig.results).toEqual([]);
    await rig.push.send(batchOf([one(1), one(1, 'cancelled')]));
    await turns();
    expect(rig.results).toHaveLength(1);
    expect(rig.results[0]).toMatchObject({
      requestCount: 2,
      errorCount: 1,
      cancelledCount: 1,
      lostCount: 0,
      wasCancelled: false,
      isComplete: true,
      startEpochNs: '1795333439001000000',
      endEpochNs: '1795333441000000000',
      errors: [{ code: null, kind: 'stream_cut', count: 1 }],
      load: [{ phase: 'profiling', mode: 'concurrency', sent: 4, completed: 2, failed: 1, cancelled: 1, sessions: 3 }],
    });
    expect(rig.results[0]).not.toHaveProperty('timeSlices');
    const metric = (tag: string) => rig.results[0]?.profiling.find((result) => result.tag === tag);
    expect(metric('time_to_first_token')).toMatchObject({ unit: 'ms', avg: 50, count: 2 });
    expect(metric('request_count')).toMatchObject({ avg: 2 });
    expect(rig.results[0]?.warmup?.find(({ tag }) => tag === 'request_count')).toMatchObject({ avg: 1 });
    expect(rig.sink().rowCount).toBe(5);
    const { metadata } = rig.sink();
    expect(metadata?.get('aiperf.benchmark_id')).toBe(plan.benchmarkId);
    expect(metadata?.get('aiperf.version')).toBe('9.9.9');
    expect(JSON.parse(metadata?.get('aiperf.summary') ?? '{}')).toEqual(rig.results[0]);
    expect(rig.stats.at(-1)).toMatchObject({ processed: 5, errors: 1, total_expected: 5 });
    expect(rig.rig.failures).toEqual([]);
  });

  test('records that never come are counted as lost after 30 s without progress', async () => {
    await using rig = await createRig();
    await rig.push.send(batchOf([one(1)]));
    rig.end({ completed: 3, lost: 1 });
    await turns();
    vi.advanceTimersByTime(29_000);
    await rig.push.send(batchOf([one(1)]));
    await turns();
    // Progress begins the wait anew.
    vi.advanceTimersByTime(29_999);
    await turns();
    expect(rig.results).toEqual([]);
    vi.advanceTimersByTime(1);
    await turns();
    expect(rig.results[0]).toMatchObject({ requestCount: 2, lostCount: 2, isComplete: false });
    expect(rig.results[0]?.incompleteReason).toMatch(/2 requests left no record: no record arrived for 30 s/);
    expect(rig.sink().metadata).toBeDefined();
    await rig.push.send(batchOf([one(1)]));
    await turns();
    expect(rig.sink().rowCount).toBe(2);
    expect(rig.rig.logLines).toContainEqual({
      level: 'warning',
      message: expect.stringMatching(/1 records arrived after/),
    });
  });

  test('when nobody is left to send, a second without progress is enough, even before the credits are complete', async () => {
    await using rig = await createRig();
    rig.startProfiling();
    await rig.push.send(batchOf([one(1)]));
    rig.bus.publish('producers_gone', { reason: 'every worker has died' });
    await turns();
    expect(rig.results).toEqual([]);
    vi.advanceTimersByTime(1000);
    await turns();
    expect(rig.results[0]).toMatchObject({
      requestCount: 1,
      isComplete: false,
      incompleteReason: 'every worker has died',
    });
  });

  test('a cancelled run is complete in its records and says that it was cancelled', async () => {
    await using rig = await createRig();
    rig.end({ completed: 1 }, true);
    await rig.push.send(batchOf([one(1)]));
    await turns();
    expect(rig.results[0]).toMatchObject({ wasCancelled: true, isComplete: false, lostCount: 0 });
    expect(rig.results[0]?.incompleteReason).toMatch(/cancelled/);
  });

  test('progress is published at most twice a second, and live metrics every second', async () => {
    await using rig = await createRig();
    for (let batch = 0; batch < 20; batch++) {
      await rig.push.send(batchOf([one(1), one(1, 'failed'), one(0)]));
      await turns(5);
      vi.advanceTimersByTime(100);
    }
    await turns();
    expect(rig.stats.length).toBeGreaterThanOrEqual(4);
    expect(rig.stats.length).toBeLessThanOrEqual(5);
    expect(rig.stats.at(-1)).toMatchObject({ total_expected: null });
    expect(rig.live).toHaveLength(2);
    const metric = (tag: string) => rig.live[1]?.metrics.find((entry) => entry.tag === tag);
    expect(metric('request_throughput')).toMatchObject({ unit: 'requests/sec', current: 20 });
    expect(metric('request_error_rate')).toMatchObject({ unit: '%', current: 50 });
    expect(metric('time_to_first_token')?.current).toBeCloseTo(50, 0);
    expect(metric('time_to_first_token')?.count).toBe(20);
  });

  test('a run that is stopped early leaves a finished file, and a message that cannot be read is logged', async () => {
    const rig = await createRig();
    await rig.push.send(batchOf([one(1)]));
    await rig.push.send([Buffer.from('{'), Buffer.from('')]);
    await turns();
    await rig.service.stop();
    expect(rig.sink().rowCount).toBe(1);
    expect(rig.sink().metadata?.get('aiperf.benchmark_id')).toBe(plan.benchmarkId);
    expect(rig.results).toEqual([]);
    expect(rig.rig.logLines).toMatchObject([{ level: 'error' }]);
    await rig[Symbol.asyncDispose]();
  });
});
