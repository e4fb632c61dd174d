import type { PhaseConfig } from '@aiperf/config';
import { createRandomSource } from '@aiperf/dataset';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrivalTimes } from '../arrival-intervals.ts';
import { CREDIT_OUTCOMES } from '../credit.ts';
import { simulateLoad } from '../testing/simulated-load.test.support.ts';
import type { SimulatedLoadResult } from '../testing/simulated-load.test.support.ts';
import { planPhase } from './phase-plan.ts';
import type { PhasePlan } from './phase-plan.ts';

const UNSENT = CREDIT_OUTCOMES.indexOf('unsent');
const MS = 1e6;
const SEC = 1e9;

/** What tests say of a phase. */
interface Extra {
  readonly durationNs?: number;
  readonly gracePeriodNs?: number | null;
}

const plan = (load: Partial<PhaseConfig>, { durationNs, gracePeriodNs = null }: Extra = {}): PhasePlan =>
  planPhase(
    {
      name: 'profiling',
      kind: 'profiling',
      mode: 'concurrency',
      arrivalPattern: 'constant',
      seamless: false,
      gracePeriodSec: gracePeriodNs === null ? Number.POSITIVE_INFINITY : gracePeriodNs / SEC,
      ...(durationNs === undefined ? {} : { durationSec: durationNs / SEC }),
      ...load,
    },
    0,
    { autoOffset: true },
  );

const closedLoop = (concurrency: number, requestCount: number | null, extra: Extra = {}): PhasePlan =>
  plan({ concurrency, ...(requestCount === null ? {} : { requestCount }) }, extra);

const openLoop = (
  requestRatePerSec: number,
  requestCount: number | null,
  {
    concurrency,
    arrivalPattern = 'constant',
    ...extra
  }: Extra & Pick<Partial<PhaseConfig>, 'concurrency' | 'arrivalPattern'> = {},
): PhasePlan =>
  plan(
    {
      mode: 'request_rate',
      requestRatePerSec,
      arrivalPattern,
      ...(requestCount === null ? {} : { requestCount }),
      ...(concurrency === undefined ? {} : { concurrency }),
    },
    extra,
  );

/** Pseudo-random service times that depend on nothing but the seed. */
function randomServiceNs(seed: number, mostNs: number): (n: number) => number {
  const random = createRandomSource(seed).stream('service');
  return () => Math.round(random.nextUniform() * mostNs);
}

/** What is true of every phase that ended, whatever happened in it. */
function expectBooksToBalance(result: SimulatedLoadResult): void {
  const { counts, sends, returns } = result;
  expect(result.phases).toHaveLength(1);
  if (counts === undefined) throw new Error('no final counts');
  expect(counts.inFlight).toBe(0);
  expect(counts.sent).toBe(counts.completed + counts.failed + counts.cancelled + counts.lost);
  const sentIds = sends.map(({ credit }) => credit.id);
  expect(new Set(sentIds).size).toBe(sentIds.length);
  const ended = returns.flatMap(({ ids, outcomes }) => [...ids].filter((_, i) => (outcomes[i] ?? 9) < UNSENT));
  expect(new Set(ended).size).toBe(ended.length);
  expect(result.pendingTimerCount).toBe(0);
}

describe('closed loop', () => {
  test('sends exactly what is asked for, by all slots from the beginning to the end', () => {
    const result = simulateLoad({ phases: [closedLoop(16, 1000)], workerCount: 3, serviceNs: () => 10 * MS });
    expectBooksToBalance(result);
    expect(result.counts).toEqual({
      sent: 1000,
      completed: 1000,
      failed: 0,
      cancelled: 0,
      lost: 0,
      inFlight: 0,
      sessions: 1000,
      sessionsInFlight: 0,
      sessionsEndedEarly: 0,
      neverSent: 0,
    });
    expect(result.sends.map(({ credit }) => credit.id).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 1000 }, (_, id) => id),
    );
    expect(result.mostInFlight).toBe(16);
    // 1000 requests by 16 slots are 63 rounds; the workers do not wait for each other at the end.
    expect(result.endNs - result.startNs).toBeLessThan(63 * 10 * MS + 10 * MS);
    expect(result.phases[0]?.sendingComplete).toEqual({ sentCount: 1000, sentEndNs: result.sends.at(-1)?.atNs });
    expect(result.warnings).toEqual([]);
  });

  test('a slot is refilled without a message once the leases have found their size', () => {
    const result = simulateLoad({ phases: [closedLoop(64, 20_000)], workerCount: 2, serviceNs: () => 1 * MS });
    expectBooksToBalance(result);
    const turnarounds = result.sends.map(({ turnaroundNs }) => turnaroundNs).filter((value) => !Number.isNaN(value));
    expect(turnarounds).toHaveLength(20_000 - 64);
    // A message each way takes 0.4 ms here; refills from the lease take none.
    expect(turnarounds.filter((value) => value > 0).length).toBeLessThan(200);
    expect(result.grantMessageCount).toBeLessThan(400);
  });

  test('fewer slots than workers: some get none', () => {
    const result = simulateLoad({ phases: [closedLoop(2, 20)], workerCount: 4, serviceNs: () => MS });
    expectBooksToBalance(result);
    expect(result.mostInFlight).toBe(2);
    expect(new Set(result.sends.map(({ worker }) => worker))).toEqual(new Set([0, 1]));
  });

  test('fewer requests than slots', () => {
    const result = simulateLoad({ phases: [closedLoop(64, 3)], workerCount: 3, serviceNs: () => MS });
    expectBooksToBalance(result);
    expect(result.counts?.completed).toBe(3);
    expect(result.mostInFlight).toBe(3);
  });

  test('conversations are drawn in credit order, whoever sends them', () => {
    const result = simulateLoad({
      phases: [closedLoop(8, 200)],
      workerCount: 4,
      serviceNs: randomServiceNs(1, 5 * MS),
    });
    expect(result.sends.every(({ credit }) => credit.conversationIndex === credit.id)).toBe(true);
  });

  test('outcomes are counted by kind', () => {
    const result = simulateLoad({
      phases: [closedLoop(4, 90)],
      workerCount: 2,
      serviceNs: () => MS,
      outcome: (n) => (n % 3 === 0 ? 'failed' : 'completed'),
    });
    expectBooksToBalance(result);
    expect(result.counts).toMatchObject({ sent: 90, completed: 60, failed: 30 });
  });
});

describe('open loop', () => {
  test.for([1, 2, 5])('every request is sent at its due time, by %i workers', (workerCount) => {
    const result = simulateLoad({ phases: [openLoop(1000, 2000)], workerCount, serviceNs: () => 30 * MS });
    expectBooksToBalance(result);
    expect(result.sends.map(({ credit }) => credit.id)).toEqual(Array.from({ length: 2000 }, (_, id) => id));
    expect(result.sends.map(({ atNs }) => atNs - result.startNs)).toEqual(
      Array.from({ length: 2000 }, (_, k) => k * MS),
    );
    expect(result.sends.every(({ turnaroundNs }) => Number.isNaN(turnaroundNs))).toBe(true);
  });

  test('Poisson: the due times are those of the seed, for any number of workers', () => {
    const draw = (workerCount: number): SimulatedLoadResult =>
      simulateLoad({
        phases: [openLoop(500, 400, { arrivalPattern: 'poisson' })],
        workerCount,
        serviceNs: () => MS,
        random: createRandomSource(7),
      });
    const schedule = arrivalTimes(
      { arrivalPattern: 'poisson', requestRatePerSec: 500 },
      createRandomSource(7).stream('arrivals'),
    );
    const expected = Array.from({ length: 400 }, () => schedule.next().value);
    for (const workerCount of [1, 4]) {
      const result = draw(workerCount);
      expectBooksToBalance(result);
      expect(result.sends.map(({ atNs }) => atNs - result.startNs)).toEqual(expected);
      expect(result.sends.map(({ credit }) => credit.conversationIndex)).toEqual(expected.map((_, k) => k));
    }
  });

  test('credits leave 200 to 250 ms ahead, in batches', () => {
    const result = simulateLoad({ phases: [openLoop(1000, 1000)], workerCount: 2, serviceNs: () => MS });
    const aheadNs = result.sends.slice(250).map(({ credit }) => credit.dueNs - credit.issuedNs);
    expect(Math.min(...aheadNs)).toBeGreaterThanOrEqual(200 * MS);
    expect(Math.max(...aheadNs)).toBeLessThanOrEqual(250 * MS);
    expect(result.grantMessageCount).toBeLessThan(60);
  });

  test('work goes to the least loaded worker', () => {
    const result = simulateLoad({ phases: [openLoop(1000, 1000)], workerCount: 4, serviceNs: () => 5 * MS });
    const byWorker = [0, 1, 2, 3].map((worker) => result.sends.filter((send) => send.worker === worker).length);
    expect(Math.min(...byWorker)).toBeGreaterThan(200);
  });

  test('with a slot limit a request that is due waits for a slot; the schedule itself does not move', () => {
    const result = simulateLoad({
      phases: [openLoop(1000, 300, { concurrency: 2 })],
      workerCount: 2,
      serviceNs: () => 10 * MS,
    });
    expectBooksToBalance(result);
    expect(result.mostInFlight).toBe(2);
    expect(result.counts?.completed).toBe(300);
    for (const { credit, atNs } of result.sends) {
      expect(credit.dueNs - result.startNs).toBe(credit.id * MS);
      expect(atNs).toBeGreaterThanOrEqual(credit.dueNs);
    }
    // 300 requests of 10 ms by 2 slots.
    expect(result.endNs - result.startNs).toBeLessThan(1.6 * SEC);
  });

  test('a rate of one request in ten seconds is no stall', () => {
    const result = simulateLoad({ phases: [openLoop(0.01, 4)], workerCount: 1, serviceNs: () => MS });
    expectBooksToBalance(result);
    expect(result.endedEarly).toBe(false);
    expect(result.sends.map(({ atNs }) => (atNs - result.startNs) / SEC)).toEqual([0, 100, 200, 300]);
  });
});

describe('duration', () => {
  const timed = { durationNs: SEC, gracePeriodNs: 30 * SEC };

  test.for<[string, PhasePlan]>([
    ['closed loop', closedLoop(5, null, timed)],
    ['open loop', openLoop(250, null, timed)],
    ['open loop with slots', openLoop(2000, null, { ...timed, concurrency: 3 })],
  ])('%s: nothing is sent after the end, everything that was sent is waited for', ([, plan]) => {
    const result = simulateLoad({ phases: [plan], workerCount: 3, serviceNs: randomServiceNs(3, 20 * MS) });
    expectBooksToBalance(result);
    expect(Math.max(...result.sends.map(({ atNs }) => atNs))).toBeLessThan(result.startNs + SEC);
    expect(result.counts?.completed).toBe(result.sends.length);
    expect(result.sends.length).toBeGreaterThan(200);
    expect(result.endedEarly).toBe(false);
    expect(result.phases[0]?.sendingComplete?.sentCount).toBe(result.sends.length);
  });

  test('constant rate: exactly the requests that are due before the end', () => {
    const result = simulateLoad({ phases: [openLoop(250, null, timed)], workerCount: 2, serviceNs: () => MS });
    expect(result.sends).toHaveLength(250);
  });

  test('whichever comes first: the count', () => {
    const result = simulateLoad({ phases: [closedLoop(2, 10, timed)], workerCount: 2, serviceNs: () => MS });
    expect(result.counts?.completed).toBe(10);
    expect(result.endNs - result.startNs).toBeLessThan(100 * MS);
    expectBooksToBalance(result);
  });

  test('what is still in flight after the grace period is cancelled', () => {
    const result = simulateLoad({
      phases: [closedLoop(4, null, { durationNs: SEC, gracePeriodNs: 2 * SEC })],
      workerCount: 2,
      serviceNs: (n) => (n < 8 ? 0.4 * SEC : 100 * SEC),
    });
    expectBooksToBalance(result);
    expect(result.counts).toMatchObject({ sent: 12, completed: 8, cancelled: 4 });
    expect(result.endNs - result.startNs).toBeGreaterThanOrEqual(3 * SEC);
    expect(result.endNs - result.startNs).toBeLessThan(3.1 * SEC);
    expect(result.endedEarly).toBe(false);
  });

  test('no grace at all: cancelled at the end', () => {
    const result = simulateLoad({
      phases: [closedLoop(4, null, { durationNs: SEC, gracePeriodNs: 0 })],
      workerCount: 2,
      serviceNs: () => 10 * SEC,
    });
    expectBooksToBalance(result);
    expect(result.counts).toMatchObject({ sent: 4, cancelled: 4 });
  });
});

describe('cancel, losses, silence', () => {
  test('cancel ends what is in flight, hands the rest back and says so', () => {
    const result = simulateLoad({
      phases: [closedLoop(8, 10_000)],
      workerCount: 3,
      serviceNs: () => 50 * MS,
      cancelAtNs: 475 * MS,
    });
    expectBooksToBalance(result);
    expect(result.endedEarly).toBe(true);
    expect(result.counts).toMatchObject({ completed: 72, cancelled: 8, lost: 0 });
    expect(result.endNs - result.startNs).toBeLessThan(490 * MS);
  });

  test('a cancel that a worker does not answer is over before the controller gives up waiting', () => {
    const cancelAtNs = 475 * MS;
    const result = simulateLoad({
      phases: [closedLoop(8, 10_000)],
      workerCount: 2,
      serviceNs: () => 50 * MS,
      muteWorkers: [1],
      cancelAtNs,
    });
    expectBooksToBalance(result);
    expect(result.counts?.lost).toBeGreaterThanOrEqual(4);
    expect(result.warnings.join()).toContain('have not come back');
    expect(result.endNs - result.startNs - cancelAtNs).toBeLessThan(9 * SEC);
  });

  test('the last worker dies: the phase ends, early', () => {
    const result = simulateLoad({
      phases: [closedLoop(8, 1000)],
      workerCount: 1,
      serviceNs: () => 10 * MS,
      losses: [{ worker: 0, atNs: 105 * MS }],
    });
    expectBooksToBalance(result);
    expect(result.endedEarly).toBe(true);
    expect(result.counts?.lost).toBeGreaterThanOrEqual(8);
    expect(result.warnings.join()).toContain('worker_0 is gone');
  });

  test('the slots of a worker that dies are taken over', () => {
    const result = simulateLoad({
      phases: [closedLoop(8, 1000)],
      workerCount: 2,
      serviceNs: () => 10 * MS,
      losses: [{ worker: 0, atNs: 105 * MS }],
    });
    expectBooksToBalance(result);
    expect(result.endedEarly).toBe(false);
    expect(result.mostInFlight).toBe(8);
    expect(result.counts?.sent).toBe(1000);
    const late = result.sends.filter(({ atNs }) => atNs > 300 * MS && atNs < 500 * MS);
    expect(late.length).toBeGreaterThanOrEqual(8 * 19);
  });

  test('a worker that stops by itself: what it hands back is sent by the others, once each', () => {
    const result = simulateLoad({
      phases: [closedLoop(8, 500)],
      workerCount: 2,
      serviceNs: () => 10 * MS,
      leavings: [{ worker: 0, atNs: 105 * MS }],
    });
    expectBooksToBalance(result);
    expect(result.endedEarly).toBe(false);
    expect(result.counts).toMatchObject({ sent: 500, completed: 500 });
    expect(result.sends.filter(({ worker, atNs }) => worker === 0 && atNs > 105 * MS)).toEqual([]);
  });

  test('an open loop goes on at its due times when a worker stops by itself', () => {
    const result = simulateLoad({
      phases: [openLoop(1000, 500)],
      workerCount: 2,
      serviceNs: () => 10 * MS,
      leavings: [{ worker: 1, atNs: 203.5 * MS }],
    });
    expectBooksToBalance(result);
    expect(result.counts?.completed).toBe(500);
    const latestNs = Math.max(...result.sends.map(({ credit, atNs }) => atNs - credit.dueNs));
    // What was handed back leaves with the next batch.
    expect(latestNs).toBeLessThan(60 * MS);
  });

  test('the only worker with a slot stops by itself: another one gets the slot', () => {
    const result = simulateLoad({
      phases: [closedLoop(1, 20)],
      workerCount: 2,
      serviceNs: () => 10 * MS,
      leavings: [{ worker: 0, atNs: 55 * MS }],
    });
    expectBooksToBalance(result);
    expect(result.counts?.completed).toBe(20);
    expect(result.mostInFlight).toBe(1);
  });

  test('every worker stops by itself: the phase ends early and does not hang', () => {
    const result = simulateLoad({
      phases: [closedLoop(8, 500)],
      workerCount: 2,
      serviceNs: () => 10 * MS,
      leavings: [0, 1].map((worker) => ({ worker, atNs: 105 * MS })),
    });
    expectBooksToBalance(result);
    expect(result.endedEarly).toBe(true);
    expect(result.counts?.completed).toBe(result.sends.length);
    expect(result.grantMessageCount).toBeLessThan(100);
  });

  test('a worker that never answers is given up after the stall limit; the phase does not hang', () => {
    const result = simulateLoad({
      phases: [closedLoop(4, 100)],
      workerCount: 2,
      serviceNs: () => 10 * MS,
      muteWorkers: [1],
    });
    expect(result.phases).toHaveLength(1);
    expect(result.counts?.lost).toBeGreaterThan(0);
    expect(result.counts?.sent).toBe(100);
    expect(result.warnings.join()).toContain('nothing has come back for');
    expect(result.endNs).toBeLessThan(100 * SEC);
  });

  test('properties: the limit, the count and the books hold for any load, any workers, any moment of loss', () => {
    const loads: fc.Arbitrary<Partial<PhaseConfig>> = fc.oneof(
      fc.record({ mode: fc.constant('concurrency' as const), concurrency: fc.integer({ min: 1, max: 40 }) }),
      fc.record(
        {
          mode: fc.constant('request_rate' as const),
          requestRatePerSec: fc.integer({ min: 20, max: 3000 }),
          arrivalPattern: fc.constantFrom('constant' as const, 'poisson' as const),
          concurrency: fc.integer({ min: 1, max: 40 }),
        },
        { requiredKeys: ['mode', 'requestRatePerSec', 'arrivalPattern'] },
      ),
    );
    const departure = fc.record({ worker: fc.nat({ max: 4 }), atMs: fc.nat({ max: 500 }) });
    let wholeCount = 0;
    fc.assert(
      fc.property(
        fc.record({
          load: loads,
          requestCount: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 400 })),
          durationMs: fc.oneof(fc.constant(null), fc.integer({ min: 1, max: 600 })),
          graceMs: fc.oneof(fc.constant(null), fc.integer({ min: 0, max: 100 })),
          workerCount: fc.integer({ min: 1, max: 5 }),
          mostServiceMs: fc.constantFrom(0.01, 1, 20, 150),
          seed: fc.nat(),
          losses: fc.oneof(fc.array(departure, { maxLength: 0 }), fc.array(departure, { maxLength: 2 })),
          leavings: fc.oneof(fc.array(departure, { maxLength: 0 }), fc.array(departure, { maxLength: 1 })),
          cancelMs: fc.oneof(fc.constant(null), fc.nat({ max: 500 })),
          hopUs: fc.constantFrom(0, 200, 4000),
        }),
        (sample) => {
          const { load, requestCount, durationMs, graceMs, workerCount } = sample;
          // Without a count, fast requests only make the test long.
          const mostServiceMs = requestCount === null ? Math.max(5, sample.mostServiceMs) : sample.mostServiceMs;
          const count = requestCount === null && durationMs === null ? 10 : requestCount;
          const result = simulateLoad({
            phases: [
              plan(
                { ...load, ...(count === null ? {} : { requestCount: count }) },
                {
                  gracePeriodNs: graceMs === null ? null : graceMs * MS,
                  ...(durationMs === null ? {} : { durationNs: durationMs * MS }),
                },
              ),
            ],
            workerCount,
            hopNs: sample.hopUs * 1000,
            serviceNs: randomServiceNs(sample.seed, mostServiceMs * MS),
            random: createRandomSource(sample.seed),
            losses: sample.losses.map(({ worker, atMs }) => ({ worker: worker % workerCount, atNs: atMs * MS })),
            leavings: sample.leavings.map(({ worker, atMs }) => ({ worker: worker % workerCount, atNs: atMs * MS })),
            ...(sample.cancelMs === null ? {} : { cancelAtNs: sample.cancelMs * MS }),
          });
          expectBooksToBalance(result);
          expect(result.warnings.join()).not.toContain('did not hold');
          if (load.concurrency !== undefined) expect(result.mostInFlight).toBeLessThanOrEqual(load.concurrency);
          if (count !== null) expect(result.sends.length).toBeLessThanOrEqual(count);
          if (durationMs !== null) {
            const endNs = result.startNs + durationMs * MS;
            expect(result.sends.every(({ atNs }) => atNs < endNs)).toBe(true);
          }
          expect(result.sends.every(({ credit, atNs }) => !(atNs < credit.dueNs))).toBe(true);
          if (sample.losses.length === 0) {
            expect(result.counts?.lost).toBe(0);
            expect(result.counts?.sent).toBe(result.sends.length);
            if (count !== null && durationMs === null && !result.endedEarly) {
              wholeCount += 1;
              expect(result.sends).toHaveLength(count);
            }
          }
        },
      ),
      { numRuns: 200 },
    );
    // Only a load that runs to its end is known to its last request.
    expect(wholeCount).toBeGreaterThan(10);
  });
});
