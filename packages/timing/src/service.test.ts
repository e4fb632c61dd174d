import type { Envelope, Service } from '@aiperf/comms';
import { createTestContext } from '@aiperf/comms/testing';
import type { TestContext } from '@aiperf/comms/testing';
import type { PhaseConfig, RunPlan } from '@aiperf/config';
import { createDatasetStoreWriter, storeDirectory } from '@aiperf/dataset';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { PhaseReference, PhaseStart } from './credit.ts';
import { decodeCreditBatch, encodeCreditReturnBatch } from './credit-codec.ts';
import type { TimingMessages } from './messages.ts';
import { createTimingManager } from './service.ts';
import { VirtualClock } from './virtual-clock.ts';
import { WorkerCredits } from './worker/worker-credits.ts';

const MS = 1e6;

type Published = { [T in keyof TimingMessages]: TimingMessages[T] & Envelope }[keyof TimingMessages];

/** A timing manager with workers of its own protocol on an in-process network, all in virtual time. */
class TestRun implements Disposable {
  readonly clock: VirtualClock = new VirtualClock();
  readonly directory: string = mkdtempSync(join(tmpdir(), 'aiperf-timing-'));
  readonly test: TestContext<TimingMessages> = createTestContext<TimingMessages>({ serviceId: 'timing_manager' });
  readonly published: Published[] = [];
  readonly sentIds: string[] = [];
  readonly service: Service<RunPlan>;
  readonly #plan: RunPlan;
  readonly #workers = new Map<string, TestContext<TimingMessages>>();

  constructor(
    phases: readonly Partial<PhaseConfig>[],
    workerIds: readonly string[],
    readiness = workerIds,
    conversations = 7,
  ) {
    const writer = createDatasetStoreWriter(storeDirectory(this.directory));
    for (let i = 0; i < conversations; i += 1) {
      writer.add({ id: `session_${i}`, turns: [{ body: Buffer.from('{}'), inputTokens: 1 }] });
    }
    writer.finish();
    this.#plan = {
      config: {
        phases: phases.map((phase) => ({
          name: phase.kind ?? 'profiling',
          kind: 'profiling',
          mode: 'concurrency',
          arrivalPattern: 'poisson',
          gracePeriodSec: 30,
          seamless: false,
          ...phase,
        })),
        fixedSchedule: { autoOffset: true },
        input: { datasetSampling: 'sequential', randomSeed: 0 },
        endpoint: { requestTimeoutSec: 60 },
      },
      clockOrigin: this.clock.origin,
      privateDirectory: this.directory,
      workerIds,
    } as unknown as RunPlan;
    for (const type of [
      'credit_phase_start',
      'credit_phase_progress',
      'credit_phase_sending_complete',
      'credit_phase_complete',
      'credits_complete',
    ] as const) {
      this.test.context.bus.messages$(type).subscribe((message) => this.published.push(message));
    }
    this.service = createTimingManager({ timers: this.clock, createClock: () => this.clock })(this.test.context);
    for (const id of readiness) this.#startWorker(id);
  }

  configure(): Promise<unknown> {
    return this.service.configure(this.#plan);
  }

  /** The last message of a type. */
  last<T extends keyof TimingMessages>(type: T): (TimingMessages[T] & Envelope) | undefined {
    return this.published.findLast(({ message_type }) => message_type === type) as
      | (TimingMessages[T] & Envelope)
      | undefined;
  }

  /** Messages without the progress, in short. */
  get story(): string[] {
    return this.published
      .filter(({ message_type }) => message_type !== 'credit_phase_progress')
      .map((message) => ('phase' in message ? `${message.message_type} ${message.phase}` : message.message_type));
  }

  /** Lets virtual time pass until `isDone`, a millisecond a step, with everything that is sent delivered in between. */
  async runUntil(isDone: () => boolean, limitMs = 20_000): Promise<void> {
    for (let stepCount = 0; !isDone(); stepCount += 1) {
      if (stepCount > limitMs) throw new Error(`not done after ${limitMs} ms: ${this.story.join(', ')}`);
      await settle();
      this.clock.advanceBy(MS);
    }
    await settle();
  }

  publishLost(workerId: string): void {
    this.#workers.get(workerId)?.stop();
    this.test.peer('controller').context.bus.publish('worker_lost', { worker_id: workerId });
  }

  #startWorker(id: string): void {
    const { clock, sentIds } = this;
    const peer = this.test.peer(id);
    this.#workers.set(id, peer);
    const dealer = peer.context.sockets.dealer('credits');
    const send = (kind: string, payload: Uint8Array): void => {
      dealer.send([Buffer.from(kind), payload]).catch(() => {
        // Stopped: this worker is dead.
      });
    };
    const running = new Map<number, () => void>();
    const credits: WorkerCredits = new WorkerCredits({
      clock,
      timers: clock,
      pacer: clock.createPacer(),
      send(credit) {
        sentIds.push(`${credit.phaseIndex}:${credit.id}>${credit.conversationIndex}`);
        running.set(
          credit.id,
          clock.startTimer(5, () => {
            running.delete(credit.id);
            credits.requestEnded(credit.id, 'completed');
          }),
        );
      },
    });
    credits.onReturnsDue = () => {
      for (const batch of credits.takeReturns()) send('cr', encodeCreditReturnBatch(batch));
    };
    peer.context.stopSignal.addEventListener('abort', () => {
      for (const stopTimer of running.values()) stopTimer();
      credits.close();
    });
    dealer.messages$.subscribe(([kind = new Uint8Array(), payload = new Uint8Array()]) => {
      const text = Buffer.from(payload).toString();
      switch (Buffer.from(kind).toString()) {
        case 'ps':
          credits.beginPhase(JSON.parse(text) as PhaseStart);
          break;
        case 'cg':
          credits.grant(decodeCreditBatch(payload));
          break;
        case 'pe':
          credits.stopSending((JSON.parse(text) as PhaseReference).phaseIndex);
          break;
        case 'cc':
          credits.stopSending((JSON.parse(text) as PhaseReference).phaseIndex);
          for (const [id, stopTimer] of running) {
            stopTimer();
            credits.requestEnded(id, 'cancelled');
          }
          running.clear();
          break;
        default:
          throw new Error(`unknown kind ${text}`);
      }
    });
    send('wr', Buffer.from('{}'));
  }

  [Symbol.dispose](): void {
    for (const worker of this.#workers.values()) worker.stop();
    this.test.stop();
    rmSync(this.directory, { recursive: true });
  }
}

const warmup = (concurrency: number, requestCount: number): Partial<PhaseConfig> => ({
  kind: 'warmup',
  concurrency,
  requestCount,
});

/** Everything that was posted is delivered, and the answers to it. */
async function settle(): Promise<void> {
  for (let i = 0; i < 3; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('timing manager', () => {
  test('runs the warm-up, then profiling, and tells what happens', async () => {
    using run = new TestRun([warmup(3, 4), { concurrency: 3, requestCount: 20 }], ['worker_0', 'worker_1']);
    await run.configure();
    const started = run.service.start();
    await run.runUntil(() => run.last('credits_complete') !== undefined);
    await started;
    expect(run.story).toEqual([
      'credit_phase_start warmup',
      'credit_phase_sending_complete warmup',
      'credit_phase_complete warmup',
      'credit_phase_start profiling',
      'credit_phase_sending_complete profiling',
      'credit_phase_complete profiling',
      'credits_complete',
    ]);
    expect(run.last('credit_phase_start')).toMatchObject({ total_expected_requests: 20, expected_duration_sec: null });
    expect(run.last('credit_phase_complete')).toMatchObject({
      phase: 'profiling',
      phase_index: 1,
      phase_name: 'profiling',
      mode: 'concurrency',
      sessions: 20,
      sessionsInFlight: 0,
      neverSent: 0,
      sent: 20,
      completed: 20,
      lost: 0,
      inFlight: 0,
      was_cancelled: false,
    });
    expect(run.last('credits_complete')).toMatchObject({ was_cancelled: false });
    // Conversations go on where the warm-up stopped, in credit order.
    const expected = Array.from({ length: 24 }, (_, n) => (n < 4 ? `0:${n}>${n}` : `1:${n - 4}>${n % 7}`));
    expect(run.sentIds.toSorted()).toEqual(expected.toSorted());
    await run.service.stop();
    expect(run.clock.pendingTimerCount).toBe(0);
    expect(run.test.failures).toEqual([]);
  });

  test('start answers when the first phase has begun, and progress follows every 250 ms', async () => {
    using run = new TestRun([{ mode: 'request_rate', durationSec: 2, requestRatePerSec: 100 }], ['worker_0']);
    await run.configure();
    await run.service.start();
    await settle();
    expect(run.story).toEqual(['credit_phase_start profiling']);
    await run.runUntil(() => run.last('credits_complete') !== undefined);
    const progress = run.published.filter(({ message_type }) => message_type === 'credit_phase_progress');
    expect(progress.length).toBe(8);
    for (const message of progress) {
      if (!('inFlight' in message)) throw new Error('no counts');
      expect(message.sent).toBe(
        message.completed + message.failed + message.cancelled + message.lost + message.inFlight,
      );
    }
  });

  test('a worker that never announces itself is named after the deadline', async () => {
    using run = new TestRun([{ concurrency: 1, requestCount: 10 }], ['worker_0', 'worker_1', 'worker_2'], ['worker_1']);
    await run.configure();
    const started = run.service.start();
    const failure = expect(started).rejects.toMatchObject({
      code: 'AIPERF_TIMING_TIMEOUT',
      message: 'workers not ready for credits within 30 s: worker_0, worker_2',
    });
    await settle();
    run.clock.advanceBy(31_000 * MS);
    await failure;
    expect(run.story).toEqual([]);
  });

  test('cancel ends the phase and the run; the next phase does not begin', async () => {
    using run = new TestRun([warmup(2, 1000), { concurrency: 2, requestCount: 1000 }], ['worker_0', 'worker_1']);
    await run.configure();
    await run.service.start();
    await run.runUntil(() => run.sentIds.length >= 10);
    const cancelled = run.service.cancel();
    await run.runUntil(() => run.last('credits_complete') !== undefined);
    await cancelled;
    expect(run.last('credit_phase_complete')).toMatchObject({ phase: 'warmup', was_cancelled: true, lost: 0 });
    expect(run.last('credit_phase_complete')?.cancelled).toBeGreaterThan(0);
    expect(run.last('credits_complete')).toMatchObject({ was_cancelled: true });
  });

  test('a seamless phase: the next begins before its last request has ended', async () => {
    using run = new TestRun(
      [
        { ...warmup(3, 9), seamless: true },
        { mode: 'request_rate', requestRatePerSec: 100, requestCount: 10 },
      ],
      ['worker_0', 'worker_1'],
    );
    await run.configure();
    await run.service.start();
    await run.runUntil(() => run.last('credits_complete') !== undefined);
    expect(run.story).toEqual([
      'credit_phase_start warmup',
      'credit_phase_sending_complete warmup',
      'credit_phase_start profiling',
      'credit_phase_complete warmup',
      'credit_phase_sending_complete profiling',
      'credit_phase_complete profiling',
      'credits_complete',
    ]);
    expect(run.last('credit_phase_complete')).toMatchObject({ sent: 10, completed: 10 });
  });

  test('a schedule without times is refused before the load', async () => {
    using run = new TestRun([{ mode: 'fixed_schedule' }], ['worker_0']);
    await expect(run.configure()).rejects.toMatchObject({ code: 'AIPERF_TIMING_SCHEDULE' });
  });

  test('cancel before the start: no phase begins, and the end is told', async () => {
    using run = new TestRun([{ concurrency: 1, requestCount: 10 }], ['worker_0']);
    await run.configure();
    await run.service.cancel();
    await run.service.start();
    await settle();
    expect(run.story).toEqual(['credits_complete']);
  });

  test('a worker reported lost: its credits are accounted for and the run goes on', async () => {
    using run = new TestRun([{ concurrency: 4, requestCount: 200 }], ['worker_0', 'worker_1']);
    await run.configure();
    await run.service.start();
    await run.runUntil(() => run.sentIds.length >= 40);
    run.publishLost('worker_0');
    await run.runUntil(() => run.last('credits_complete') !== undefined);
    const complete = run.last('credit_phase_complete');
    expect(complete).toMatchObject({ sent: 200, was_cancelled: false, inFlight: 0 });
    expect(complete?.lost).toBeGreaterThan(0);
    expect((complete?.completed ?? 0) + (complete?.lost ?? 0)).toBe(200);
  });

  test('every worker lost: the run ends, marked as cut short', async () => {
    using run = new TestRun([{ concurrency: 4, requestCount: 2000 }], ['worker_0', 'worker_1']);
    await run.configure();
    await run.service.start();
    await run.runUntil(() => run.sentIds.length >= 40);
    run.publishLost('worker_0');
    run.publishLost('worker_1');
    await run.runUntil(() => run.last('credits_complete') !== undefined);
    expect(run.last('credit_phase_complete')).toMatchObject({ was_cancelled: true });
  });

  test('bytes that are no credit return are logged and harm nothing', async () => {
    using run = new TestRun([{ concurrency: 1, requestCount: 5 }], ['worker_0']);
    await run.configure();
    await run.service.start();
    const stranger = run.test.peer('stranger').context.sockets.dealer('credits');
    await stranger.send([Buffer.from('cr'), Buffer.from('nonsense')]);
    await stranger.send([Buffer.from('wr'), Buffer.from('{}')]);
    await stranger.send([Buffer.from('??')]);
    await run.runUntil(() => run.last('credits_complete') !== undefined);
    expect(run.last('credit_phase_complete')).toMatchObject({ completed: 5 });
    const lines = run.test.logLines.map(({ message }) => message).join('\n');
    expect(lines).toContain('stranger: cr cannot be read');
    expect(lines).toContain('stranger is not a worker of this run');
    expect(lines).toContain('unknown kind "??"');
  });
});
