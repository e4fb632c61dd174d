import type { PhaseConfig } from '@aiperf/config';
import { createRandomSource } from '@aiperf/dataset';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConversationTimes } from '../sessions/session-source.ts';
import { CREDIT_OUTCOMES } from '../credit.ts';
import { simulateLoad } from '../testing/simulated-load.test.support.ts';
import type { SimulatedLoadOptions, SimulatedLoadResult } from '../testing/simulated-load.test.support.ts';
import type { SimulatedSend } from '../testing/simulated-worker.test.support.ts';
import { planPhase } from './phase-plan.ts';
import type { PhasePlan } from './phase-plan.ts';

const UNSENT = CREDIT_OUTCOMES.indexOf('unsent');
const MS = 1e6;
const SEC = 1e9;

const phasesOf = (...phases: Partial<PhaseConfig>[]): PhasePlan[] =>
  phases.map((phase, index) =>
    planPhase(
      {
        name: index === phases.length - 1 ? 'profiling' : `phase_${index}`,
        kind: 'profiling',
        mode: 'concurrency',
        arrivalPattern: 'poisson',
        seamless: false,
        gracePeriodSec: Number.POSITIVE_INFINITY,
        ...phase,
      },
      index,
      { autoOffset: true },
    ),
  );

/** Conversations with these delays (ms) before their turns; times of first turns 20 ms apart. */
function conversations(
  delaysMs: readonly (readonly number[])[],
  timestampsMs?: readonly (readonly number[])[],
): ConversationTimes {
  return {
    conversationCount: delaysMs.length,
    turnCount: (conversation) => delaysMs[conversation]?.length ?? 0,
    turnTiming: (conversation, turn) => ({
      delayNs: (delaysMs[conversation]?.[turn] ?? Number.NaN) * MS,
      timestampNs:
        timestampsMs === undefined ? conversation * 20 * MS : (timestampsMs[conversation]?.[turn] ?? Number.NaN) * MS,
    }),
  };
}

const THREE_TURNS = conversations([[0, 10, 20], [0], [0, 30], [0, 0, 5, 40]]);

/** Requests in the order in which their sessions began, then of their turns. */
const bySession = (sends: readonly SimulatedSend[]): SimulatedSend[] =>
  sends.toSorted((a, b) => a.credit.sessionNumber - b.credit.sessionNumber || a.credit.turnIndex - b.credit.turnIndex);

const sessionsOf = (sends: readonly SimulatedSend[]): Map<string, SimulatedSend[]> => {
  const sessions = new Map<string, SimulatedSend[]>();
  for (const send of sends) {
    const key = `${send.credit.phaseIndex}:${send.credit.sessionNumber}`;
    sessions.set(key, [...(sessions.get(key) ?? []), send]);
  }
  return sessions;
};

/** What holds whatever happens. */
function expectSound(result: SimulatedLoadResult, phases: readonly PhasePlan[]): void {
  expect(result.endedEarly).toBeDefined();
  for (const { counts } of result.phases) {
    expect(counts.inFlight).toBe(0);
    expect(counts.sessionsInFlight).toBe(0);
  }
  for (const counts of [...result.progress, ...result.phases.map(({ counts }) => counts)]) {
    expect(counts.sent).toBe(counts.completed + counts.failed + counts.cancelled + counts.lost + counts.inFlight);
  }
  // Every credit comes back once, as one that was sent or as one that was not.
  const sentKeys = result.sends.map(({ credit }) => `${credit.phaseIndex}:${credit.id}`);
  expect(new Set(sentKeys).size).toBe(sentKeys.length);
  const ended = result.returns.flatMap(({ phaseIndex, ids, outcomes }) =>
    [...ids].filter((_, i) => (outcomes[i] ?? 9) < UNSENT).map((id) => `${phaseIndex}:${id}`),
  );
  expect(new Set(ended).size).toBe(ended.length);
  expect(result.warnings.join()).not.toContain('did not hold');
  expect(result.warnings.join()).not.toContain('nothing has come back');
  expect(result.pendingTimerCount).toBe(0);
  for (const turns of sessionsOf(result.sends).values()) {
    expect(turns.map(({ credit }) => credit.turnIndex)).toEqual(turns.map((_, k) => k));
    expect(new Set(turns.map(({ worker }) => worker)).size).toBe(1);
    for (const [k, { credit, atNs }] of turns.entries()) {
      expect(atNs < credit.dueNs).toBe(false);
      const previous = turns[k - 1];
      if (previous !== undefined) expect(atNs).toBeGreaterThanOrEqual(previous.endNs + credit.delayNs);
      expect(turns.length).toBeLessThanOrEqual(credit.turnCount);
    }
  }
  const limits = phases.map(({ load }) => load.concurrency ?? Number.POSITIVE_INFINITY);
  expect(result.mostSessions).toBeLessThanOrEqual(Math.max(...limits));
  for (const { phaseIndex, requestCount, sessionCount } of phases) {
    const sends = result.sends.filter(({ credit }) => credit.phaseIndex === phaseIndex);
    if (requestCount !== null) expect(sends.length).toBeLessThanOrEqual(requestCount);
    if (sessionCount !== null) expect(sessionsOf(sends).size).toBeLessThanOrEqual(sessionCount);
  }
}

function run(phases: readonly PhasePlan[], rest: Partial<SimulatedLoadOptions> = {}): SimulatedLoadResult {
  const result = simulateLoad({ phases, workerCount: 2, serviceNs: () => 10 * MS, times: THREE_TURNS, ...rest });
  expectSound(result, phases);
  return result;
}

describe('sessions in a closed loop', () => {
  test('a session holds its slot from its first turn to the end of its last, think time included', () => {
    const result = run(phasesOf({ concurrency: 1, sessionCount: 4 }), { workerCount: 1 });
    const at = result.sends.map(({ credit, atNs }) => [
      credit.conversationIndex,
      credit.turnIndex,
      (atNs - 0.2 * MS) / MS,
    ]);
    expect(at).toEqual([
      [0, 0, 0],
      [0, 1, 20],
      [0, 2, 50],
      [1, 0, 60],
      [2, 0, 70],
      [2, 1, 110],
      [3, 0, 120],
      [3, 1, 130],
      [3, 2, 145],
      [3, 3, 195],
    ]);
    expect(result.counts).toMatchObject({ sent: 10, completed: 10, sessions: 4, sessionsEndedEarly: 0 });
    // The wait for a delay is no turnaround.
    expect(result.sends.map(({ turnaroundNs }) => turnaroundNs).slice(1)).toEqual(Array.from({ length: 9 }, () => 0));
  });

  test('a request count truncates the last session', () => {
    const result = run(phasesOf({ concurrency: 1, requestCount: 8 }), { workerCount: 1 });
    expect(result.sends).toHaveLength(8);
    expect(result.sends.at(-1)?.credit).toMatchObject({ sessionNumber: 3, turnIndex: 1, turnCount: 2 });
  });

  test('a failed turn ends its session; its other turns are free for new sessions', () => {
    const result = run(phasesOf({ concurrency: 2, requestCount: 30 }), {
      outcome: (_, { sessionNumber, turnIndex }) =>
        sessionNumber % 4 === 0 && turnIndex === 1 ? 'failed' : 'completed',
    });
    expect(result.counts).toMatchObject({ sent: 30 });
    expect(result.counts?.failed).toBeGreaterThan(2);
    const short = [...sessionsOf(result.sends).values()].filter(
      (turns) => turns.length < (turns[0]?.credit.turnCount ?? 0),
    );
    expect(short.length).toBeGreaterThan(2);
    expect(result.counts?.sessionsEndedEarly).toBe(short.length);
    const broken = [...sessionsOf(result.sends).values()].filter(
      ([first]) => (first?.credit.sessionNumber ?? 1) % 4 === 0,
    );
    expect(broken.every((turns) => turns.length <= 2)).toBe(true);
  });

  test('the end of the duration ends sessions between two turns', () => {
    const result = run(phasesOf({ concurrency: 4, durationSec: 0.055 }), { workerCount: 2 });
    expect(result.sends.every(({ atNs }) => atNs < result.startNs + 55 * MS)).toBe(true);
    expect(result.counts?.sessionsEndedEarly).toBeGreaterThan(0);
    expect(result.endedEarly).toBe(false);
  });

  test('the stall limit does not count think time', () => {
    const result = run(phasesOf({ concurrency: 1, sessionCount: 1 }), { times: conversations([[0, 200_000]]) });
    expect(result.sends).toHaveLength(2);
    expect(result.warnings).toEqual([]);
  });
});

describe('sessions at a rate', () => {
  test('later turns take arrivals of the same process, none before their time', () => {
    const result = run(
      phasesOf({ mode: 'request_rate', requestRatePerSec: 200, arrivalPattern: 'constant', requestCount: 100 }),
    );
    expect(result.sends).toHaveLength(100);
    const dues = result.sends.map(({ credit }) => (credit.dueNs - result.startNs) / (5 * MS));
    expect(dues.every((due) => Number.isInteger(due))).toBe(true);
    expect(new Set(dues).size).toBe(100);
    // Nothing is left out while there are sessions to begin.
    expect(Math.max(...dues.slice(0, 80))).toBe(79);
  });

  test('sessions are begun as long as the count is not sent, however long they would go on', () => {
    const rate = {
      mode: 'request_rate',
      requestRatePerSec: 100,
      arrivalPattern: 'constant',
      requestCount: 160,
    } as const;
    const result = run(phasesOf(rate), {
      times: conversations([Array.from({ length: 20 }, () => 0)]),
      serviceNs: () => 300 * MS,
    });
    // 8 sessions of 20 turns would be 8 requests in flight, a fourth of the rate.
    expect(result.sends).toHaveLength(160);
    expect(result.sends.map(({ atNs }) => Math.round((atNs - result.startNs) / MS))).toEqual(
      Array.from({ length: 160 }, (_, k) => k * 10),
    );
    expect(result.mostInFlight).toBe(30);
  });

  test('slots held by sessions between two turns hold new ones back, and what was due is told', () => {
    const phases = phasesOf({
      mode: 'request_rate',
      requestRatePerSec: 100,
      arrivalPattern: 'constant',
      concurrency: 2,
      durationSec: 2,
    });
    const result = run(phases, { times: conversations([[0, 100]]) });
    expect(result.mostSessions).toBe(2);
    expect(result.counts?.neverSent).toBeGreaterThan(100);
    expect((result.counts?.neverSent ?? 0) + result.sends.length).toBeLessThanOrEqual(200);
  });
});

describe('recorded schedules', () => {
  const recorded = conversations([[0], [0, 0, 0], [0], [0]], [[1000], [1010, 1020, 1500], [1010], [1700]]);

  test('every turn at its time, or when its predecessor has ended', () => {
    const result = run(phasesOf({ mode: 'fixed_schedule' }), {
      times: recorded,
      serviceNs: () => 30 * MS,
      workerCount: 3,
    });
    expect(bySession(result.sends).map(({ atNs }) => (atNs - result.startNs) / MS)).toEqual([0, 10, 40, 500, 10, 700]);
    expect(result.sends.map(({ credit }) => (credit.dueNs - result.startNs) / MS).toSorted((a, b) => a - b)).toEqual([
      0, 10, 10, 20, 500, 700,
    ]);
    expect(result.counts?.neverSent).toBe(0);
  });

  test('what has no slot in time is counted', () => {
    const result = run(phasesOf({ mode: 'fixed_schedule', concurrency: 1, durationSec: 0.75 }), {
      times: recorded,
      serviceNs: () => 400 * MS,
    });
    expect(result.sends).toHaveLength(2);
    expect(result.counts).toMatchObject({ sent: 2, neverSent: 4 });
  });
});

describe('users', () => {
  test('each has a turn every users / rate seconds', () => {
    const phases = phasesOf({ mode: 'user_centric', userCount: 5, requestRatePerSec: 50, requestCount: 200 });
    const result = run(phases, { times: conversations(Array.from({ length: 9 }, () => [0, 0, 0, 0])) });
    expect(result.sends.map(({ atNs }) => Math.round((atNs - result.startNs) / MS))).toEqual(
      Array.from({ length: 200 }, (_, n) => n * 20),
    );
    for (const turns of sessionsOf(result.sends).values()) {
      for (const [k, { credit }] of turns.entries())
        expect(credit.dueNs - (turns[0]?.credit.dueNs ?? 0)).toBe(k * 100 * MS);
    }
  });
});

describe('phases', () => {
  test('one after the other, the next when everything has come back', () => {
    const result = run(
      phasesOf({ concurrency: 3, requestCount: 10, kind: 'warmup' }, { concurrency: 2, requestCount: 10 }),
    );
    const [first, second] = result.phases;
    expect(second?.startNs).toBeGreaterThanOrEqual(first?.endNs ?? Number.NaN);
    expect(result.phases.map(({ counts }) => counts.sent)).toEqual([10, 10]);
  });

  test('seamless: the next begins with the last request of the one before, within one limit', () => {
    const serviceNs = (n: number): number => (n % 7 === 0 ? 500 : 20) * MS;
    const phases = phasesOf({ concurrency: 8, requestCount: 60, seamless: true }, { concurrency: 8, requestCount: 60 });
    const result = run(phases, { serviceNs, times: conversations([[0]]) });
    const begins = result.sends.filter(({ credit }) => credit.phaseIndex === 1).map(({ atNs }) => atNs);
    const olderEnds = result.sends.filter(({ credit }) => credit.phaseIndex === 0).map(({ endNs }) => endNs);
    expect(Math.min(...begins)).toBeLessThan(Math.max(...olderEnds));
    expect(result.mostSessions).toBe(8);
    expect(result.phases.map(({ counts }) => counts.sent)).toEqual([60, 60]);
  });

  test('slots and prefill slots climb', () => {
    const phases = phasesOf({
      concurrency: 10,
      durationSec: 2,
      concurrencyRamp: { durationSec: 1, shape: 'linear' },
    });
    const result = run(phases, { times: conversations([[0]]), serviceNs: () => 50 * MS });
    const inFlightAt = (ms: number): number =>
      result.sends.filter(({ atNs, endNs }) => atNs - result.startNs <= ms * MS && endNs - result.startNs > ms * MS)
        .length;
    expect([20, 330, 660, 1500].map(inFlightAt)).toEqual([1, 3, 6, 10]);
  });

  test('prefill slots are freed by the first token', () => {
    const phases = phasesOf({ concurrency: 12, prefillConcurrency: 3, requestCount: 200 });
    const result = run(phases, { times: conversations([[0]]), serviceNs: () => 120 * MS, firstTokenNs: () => 10 * MS });
    expect(result.mostPrefilling).toBe(3);
    expect(result.mostInFlight).toBe(12);
    expect(result.counts?.completed).toBe(200);
  });

  test('a worker that gets its first prefill slot late takes no sessions beyond the concurrency', () => {
    const phases = phasesOf({
      concurrency: 10,
      prefillConcurrency: 2,
      prefillConcurrencyRamp: { durationSec: 1, shape: 'linear' },
      requestCount: 60,
    });
    const result = run(phases, { workerCount: 2, serviceNs: () => 3 * SEC, firstTokenNs: () => 10 * MS });
    expect(result.mostSessions).toBe(10);
    expect(result.counts?.completed).toBe(60);
  });

  test('fewer prefill slots than workers', () => {
    const result = run(phasesOf({ concurrency: 8, prefillConcurrency: 1, requestCount: 40 }), { workerCount: 4 });
    expect(result.mostPrefilling).toBe(1);
    expect(result.counts?.completed).toBe(40);
  });

  test('cancelling one phase ends all that are live, and begins no further one', () => {
    const phases = phasesOf(
      { concurrency: 4, requestCount: 10, seamless: true },
      { concurrency: 4, requestCount: 1000 },
      { concurrency: 4, requestCount: 1000 },
    );
    const result = run(phases, {
      times: conversations([[0]]),
      serviceNs: (n) => (n === 0 ? 10 * SEC : 10 * MS),
      cancelAtNs: 300 * MS,
    });
    expect(result.endedEarly).toBe(true);
    expect(result.phases.map(({ counts }) => counts.cancelled > 0)).toEqual([true, true]);
  });
});

describe('the loss of a worker', () => {
  test('ends its sessions and says so; what was not due yet goes to the others', () => {
    const phases = phasesOf({
      mode: 'request_rate',
      requestRatePerSec: 1000,
      arrivalPattern: 'constant',
      requestCount: 1000,
    });
    const result = run(phases, { times: conversations([[0]]), losses: [{ worker: 0, atNs: 300 * MS }] });
    // In flight there: 5 requests of 10 ms, 5 that ended in the last 10 ms, and those due while the loss was on its way.
    expect(result.counts?.lost).toBeLessThanOrEqual(12);
    expect(result.counts?.sent).toBe(1000);
    expect(result.warnings.join()).toMatch(
      /worker_0 is gone; \d+ requests .* count as lost, \d+ sessions end with it, 1 workers go on/,
    );
  });
});

test.for<[string, Partial<PhaseConfig>]>([
  ['poisson', { mode: 'request_rate', requestRatePerSec: 300, arrivalPattern: 'poisson', requestCount: 200 }],
  [
    'gamma',
    {
      mode: 'request_rate',
      requestRatePerSec: 300,
      arrivalPattern: 'gamma',
      arrivalSmoothness: 0.5,
      requestCount: 200,
    },
  ],
  [
    'ramped rate',
    {
      mode: 'request_rate',
      requestRatePerSec: 300,
      requestRateRamp: { durationSec: 1, shape: 'linear' },
      requestCount: 200,
    },
  ],
  ['users', { mode: 'user_centric', userCount: 7, requestRatePerSec: 100, requestCount: 200 }],
  ['schedule', { mode: 'fixed_schedule' }],
])('%s: the same seed gives the same due times, conversations and cancellations with 1 and 4 workers', ([, phase]) => {
  const isRate = phase.mode === 'request_rate';
  const draw = (workerCount: number, serviceMs: number): unknown[] => {
    const random = createRandomSource(42);
    const order = random.stream('sampling');
    const result = run(phasesOf({ ...phase, cancellation: { ratePercent: 20, delaySec: 1 } }), {
      workerCount,
      random,
      times: isRate ? conversations(Array.from({ length: 30 }, () => [0])) : THREE_TURNS,
      nextConversationIndex: () => order.nextInt(isRate ? 30 : 4),
      serviceNs: () => serviceMs * MS,
    });
    return bySession(result.sends).map(({ credit }) => [
      credit.dueNs - result.startNs,
      credit.conversationIndex,
      credit.turnIndex,
      credit.cancelAfterNs,
    ]);
  };
  const one = draw(1, 3);
  expect(one.length).toBeGreaterThan(3);
  expect(draw(4, 17)).toEqual(one);
});

describe('properties', () => {
  const load: fc.Arbitrary<Partial<PhaseConfig>> = fc.oneof(
    fc.record({ mode: fc.constant('concurrency' as const), concurrency: fc.integer({ min: 1, max: 20 }) }),
    fc.record(
      {
        mode: fc.constant('request_rate' as const),
        requestRatePerSec: fc.integer({ min: 20, max: 2000 }),
        arrivalPattern: fc.constantFrom('constant' as const, 'poisson' as const),
        concurrency: fc.integer({ min: 1, max: 20 }),
      },
      { requiredKeys: ['mode', 'requestRatePerSec', 'arrivalPattern'] },
    ),
    fc.record(
      { mode: fc.constant('fixed_schedule' as const), concurrency: fc.integer({ min: 1, max: 20 }) },
      { requiredKeys: ['mode'] },
    ),
    fc.record(
      {
        mode: fc.constant('user_centric' as const),
        userCount: fc.integer({ min: 1, max: 20 }),
        requestRatePerSec: fc.integer({ min: 20, max: 500 }),
        concurrency: fc.integer({ min: 1, max: 20 }),
      },
      { requiredKeys: ['mode', 'userCount', 'requestRatePerSec'] },
    ),
  );
  const stop: fc.Arbitrary<Partial<PhaseConfig>> = fc.oneof(
    fc.record({ requestCount: fc.integer({ min: 1, max: 150 }) }),
    fc.record({ sessionCount: fc.integer({ min: 1, max: 60 }) }),
    fc.record({
      durationSec: fc.double({ min: 0.01, max: 0.4, noNaN: true }),
      requestCount: fc.integer({ min: 1, max: 300 }),
    }),
  );
  const extras: fc.Arbitrary<Partial<PhaseConfig>> = fc.record(
    {
      seamless: fc.boolean(),
      gracePeriodSec: fc.constantFrom(0, 0.05, Number.POSITIVE_INFINITY),
      concurrencyRamp: fc.record({
        durationSec: fc.constantFrom(0.05, 0.3),
        shape: fc.constantFrom('linear' as const, 'exponential' as const),
      }),
      prefillConcurrency: fc.integer({ min: 1, max: 10 }),
    },
    { requiredKeys: [] },
  );
  const phase = fc.tuple(load, stop, extras).map((parts): Partial<PhaseConfig> => Object.assign({}, ...parts));

  test('limits, counts, order of turns and books hold for every mode, under random failures of turns and workers', () => {
    const departure = fc.record({ worker: fc.nat({ max: 3 }), atMs: fc.nat({ max: 600 }) });
    let undisturbedCount = 0;
    fc.assert(
      fc.property(
        fc.record({
          phases: fc.array(phase, { minLength: 1, maxLength: 3 }),
          delaysMs: fc.array(fc.array(fc.constantFrom(0, 1, 30, 120), { minLength: 1, maxLength: 5 }), {
            minLength: 1,
            maxLength: 12,
          }),
          workerCount: fc.integer({ min: 1, max: 4 }),
          mostServiceMs: fc.constantFrom(1, 20, 100),
          failShare: fc.constantFrom(0, 0, 0.1, 0.6),
          seed: fc.nat(),
          losses: fc.oneof(fc.array(departure, { maxLength: 0 }), fc.array(departure, { maxLength: 2 })),
          leavings: fc.oneof(fc.array(departure, { maxLength: 0 }), fc.array(departure, { maxLength: 1 })),
          cancelMs: fc.oneof(fc.constant(null), fc.nat({ max: 600 })),
          hopUs: fc.constantFrom(0, 200, 4000),
        }),
        (sample) => {
          // A schedule that is longer than its phase is refused before the run.
          const phases = phasesOf(
            ...sample.phases.map((phase) =>
              phase.mode === 'fixed_schedule' && phase.durationSec !== undefined
                ? { ...phase, durationSec: phase.durationSec + 0.25 }
                : phase,
            ),
          );
          const random = createRandomSource(sample.seed);
          const service = random.stream('service');
          const failure = random.stream('failure');
          const result = simulateLoad({
            phases,
            random,
            times: conversations(sample.delaysMs),
            workerCount: sample.workerCount,
            hopNs: sample.hopUs * 1000,
            serviceNs: () => Math.round(service.nextUniform() * sample.mostServiceMs * MS),
            firstTokenNs: () => Math.round(service.nextUniform() * sample.mostServiceMs * MS * 0.5),
            outcome: () => (failure.nextUniform() < sample.failShare ? 'failed' : 'completed'),
            losses: sample.losses.map(({ worker, atMs }) => ({ worker: worker % sample.workerCount, atNs: atMs * MS })),
            leavings: sample.leavings.map(({ worker, atMs }) => ({
              worker: worker % sample.workerCount,
              atNs: atMs * MS,
            })),
            ...(sample.cancelMs === null ? {} : { cancelAtNs: sample.cancelMs * MS }),
          });
          expectSound(result, phases);
          const isUndisturbed = sample.losses.length + sample.leavings.length === 0 && sample.cancelMs === null;
          if (sample.losses.length === 0) {
            const sent = result.phases.reduce((sum, { counts }) => sum + counts.sent, 0);
            expect(sent).toBe(result.sends.length);
            expect(result.phases.every(({ counts }) => counts.lost === 0)).toBe(true);
          }
          const prefillLimits = phases.map(
            ({ load: { prefillConcurrency } }) => prefillConcurrency ?? Number.POSITIVE_INFINITY,
          );
          expect(result.mostPrefilling).toBeLessThanOrEqual(Math.max(...prefillLimits));
          if (!isUndisturbed) return;
          undisturbedCount += 1;
          expect(result.endedEarly).toBe(false);
          expect(result.phases).toHaveLength(phases.length);
          for (const { phaseIndex, requestCount, sessionCount, durationNs, mode } of phases) {
            if (durationNs !== null || mode === 'fixed_schedule') continue;
            const sends = result.sends.filter(({ credit }) => credit.phaseIndex === phaseIndex);
            if (requestCount !== null) expect(sends).toHaveLength(requestCount);
            if (sessionCount !== null) expect(sessionsOf(sends).size).toBe(sessionCount);
          }
        },
      ),
      { numRuns: 300 },
    );
    // Only a load that nothing disturbs is known to its last request.
    expect(undisturbedCount).toBeGreaterThan(10);
  });
});
