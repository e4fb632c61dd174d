import type { PhaseConfig } from '@aiperf/config';
import { createRandomSource } from '@aiperf/dataset';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CREDIT_OUTCOMES } from '../credit.ts';
import type { ConversationTimes } from '../sessions/session-source.ts';
import { simulateLoad } from '../testing/simulated-load.test.support.ts';
import type { SimulatedLoadResult } from '../testing/simulated-load.test.support.ts';
import type { SimulatedSend } from '../testing/simulated-worker.test.support.ts';
import { planPhase } from './phase-plan.ts';
import type { PhasePlan } from './phase-plan.ts';

const MS = 1e6;
const SEC = 1e9;
const HOP_NS = 0.2 * MS;
/** Returns are gathered for 1 ms; then report, recall, its answer and the grant that it makes possible. */
const REFILL_LIMIT_NS = 1 * MS + 4 * HOP_NS;

const closedLoop = (load: Partial<PhaseConfig>): PhasePlan =>
  planPhase(
    {
      name: 'profiling',
      kind: 'profiling',
      mode: 'concurrency',
      arrivalPattern: 'constant',
      seamless: false,
      gracePeriodSec: Number.POSITIVE_INFINITY,
      ...load,
    },
    0,
    { autoOffset: true },
  );

/** Conversations of so many turns, with this delay before each turn but the first. */
const conversations = (turnCounts: readonly number[], delayMs: (conversation: number) => number = () => 0) =>
  ({
    conversationCount: turnCounts.length,
    turnCount: (conversation) => turnCounts[conversation] ?? 0,
    turnTiming: (conversation, turn) => ({
      delayNs: turn === 0 ? Number.NaN : delayMs(conversation) * MS,
      timestampNs: Number.NaN,
    }),
  }) satisfies ConversationTimes;

/** How many of these requests are in flight at a time. */
const inFlightAt = (sends: readonly SimulatedSend[], atNs: number): number =>
  sends.filter((send) => send.atNs <= atNs && send.endNs > atNs).length;

/**
 * The invariant of a closed loop without think times: as long as a request is left to be sent, every slot has one in flight, but for those
 * whose last one ended less than {@link REFILL_LIMIT_NS} ago. The result is when it was first broken.
 */
function findIdleSlot({ sends }: SimulatedLoadResult, concurrency: number): number | undefined {
  const begins = Float64Array.from(sends, ({ atNs }) => atNs).sort();
  const ends = Float64Array.from(sends, ({ endNs }) => endNs).sort();
  const lastSentNs = begins.at(-1) ?? 0;
  let begun = 0;
  let ended = 0;
  for (const [index, endNs] of ends.entries()) {
    // The first moment at which this end is no excuse any more.
    const atNs = endNs + REFILL_LIMIT_NS;
    if (atNs >= lastSentNs) return undefined;
    while ((begins[begun] ?? Number.POSITIVE_INFINITY) <= atNs) begun += 1;
    while ((ends[ended] ?? Number.POSITIVE_INFINITY) <= atNs) ended += 1;
    const isNextLater = ends[index + 1] !== endNs;
    if (isNextLater && begun - (index + 1) < concurrency) return atNs;
  }
  return undefined;
}

describe('sessions longer than the request count allows', () => {
  const run = (workerCount: number): SimulatedLoadResult =>
    simulateLoad({
      phases: [closedLoop({ concurrency: 16, requestCount: 160 })],
      times: conversations(Array.from({ length: 50 }, () => 20)),
      workerCount,
      serviceNs: () => 100 * MS,
    });

  test.for([1, 2, 5])('16 slots and 160 requests are 10 rounds of 16, by %i workers', (workerCount) => {
    const result = run(workerCount);
    expect(result.sends).toHaveLength(160);
    expect(findIdleSlot(result, 16)).toBeUndefined();
    const byRound = Array.from({ length: 10 }, (_, k) =>
      inFlightAt(result.sends, result.startNs + (k + 0.5) * 100 * MS),
    );
    expect(byRound).toEqual(Array.from({ length: 10 }, () => 16));
    // No session is begun for a slot that one holds already: 16 of them come to their 10th turn.
    expect(new Set(result.sends.map(({ credit }) => credit.sessionNumber)).size).toBe(16);
    expect(result.endNs - result.startNs).toBeLessThan(1010 * MS);
    expect(result.counts).toMatchObject({ sent: 160, completed: 160, sessions: 16, sessionsEndedEarly: 16 });
    expect(result.counts?.sessionsInFlight).toBe(0);
    expect(result.pendingTimerCount).toBe(0);
  });

  test('the next phase has the slots of the sessions that the count has ended', () => {
    const times = conversations([20], () => 10_000);
    const result = simulateLoad({
      phases: [
        closedLoop({ name: 'first', concurrency: 4, requestCount: 8, seamless: true }),
        { ...closedLoop({ concurrency: 4, requestCount: 4 }), phaseIndex: 1 },
      ],
      times,
      workerCount: 2,
      serviceNs: () => 100 * MS,
    });
    const lastOfFirstNs = Math.max(
      ...result.sends.filter(({ credit }) => credit.phaseIndex === 0).map(({ endNs }) => endNs),
    );
    const second = result.sends.filter(({ credit }) => credit.phaseIndex === 1);
    expect(second).toHaveLength(4);
    expect(Math.max(...second.map(({ atNs }) => atNs))).toBeLessThan(lastOfFirstNs + 20 * MS);
    expect(result.mostSessions).toBe(4);
  });
});

test('a turn that thinks longer than others work takes no request from them', () => {
  const result = simulateLoad({
    phases: [closedLoop({ concurrency: 8, requestCount: 400 })],
    times: conversations([20, 20, 20, 20], (conversation) => (conversation === 0 ? 60_000 : 0)),
    workerCount: 2,
    serviceNs: () => 10 * MS,
  });
  expect(result.sends).toHaveLength(400);
  // The slots without think times do it in less than a second.
  expect(result.endNs - result.startNs).toBeLessThan(3 * SEC);
});

test('a turn with think time is sent when it is ready, not a message later', () => {
  const result = simulateLoad({
    phases: [closedLoop({ concurrency: 4, requestCount: 200 })],
    times: conversations([5], () => 300),
    workerCount: 2,
    serviceNs: () => 20 * MS,
  });
  const bySession = Map.groupBy(result.sends, ({ credit }) => credit.sessionNumber);
  const pairs = [...bySession.values()].flatMap((turns) => turns.slice(1).map((turn, k) => [turns[k], turn] as const));
  expect(pairs.length).toBeGreaterThan(100);
  for (const [before, turn] of pairs) expect(turn.atNs - (before?.endNs ?? Number.NaN)).toBe(300 * MS);
});

test('later turns need no round trip but the last of them', () => {
  const result = simulateLoad({
    phases: [closedLoop({ concurrency: 16, requestCount: 20_000 })],
    times: conversations([7, 1, 12, 5]),
    workerCount: 2,
    serviceNs: () => 2 * MS,
  });
  const waited = result.sends.filter(({ turnaroundNs }) => turnaroundNs > 0).map(({ credit }) => credit.id);
  expect(waited.length).toBeLessThan(100);
  expect(Math.min(...waited.filter((id) => id > 200))).toBeGreaterThan(19_800);
  // 10,000 rounds of a millisecond and a half if every turn were granted alone.
  expect(result.grantMessageCount).toBeLessThan(400);
  expect(findIdleSlot(result, 16)).toBeUndefined();
});

test('what waits behind a slow request is sent by a slot that is free', () => {
  // Four workers with a slot each: the third request of one takes as long as all others together.
  const result = simulateLoad({
    phases: [closedLoop({ concurrency: 4, requestCount: 100 })],
    workerCount: 4,
    serviceNs: (n) => (n % 25 === 24 ? 1000 : 20) * MS,
  });
  expect(findIdleSlot(result, 4)).toBeUndefined();
  expect(result.returns.some(({ outcomes }) => outcomes.includes(CREDIT_OUTCOMES.indexOf('recalled')))).toBe(true);
  expect(result.sends.map(({ credit }) => credit.id).toSorted((a, b) => a - b)).toEqual(
    Array.from({ length: 100 }, (_, id) => id),
  );
});

test('property: no slot idles while a request is left, the count is exact, whatever the turns, workers and times', () => {
  fc.assert(
    fc.property(
      fc.record({
        concurrency: fc.integer({ min: 1, max: 24 }),
        requestCount: fc.integer({ min: 1, max: 400 }),
        workerCount: fc.integer({ min: 1, max: 5 }),
        turnCounts: fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 8 }),
        law: fc.constantFrom('constant', 'uniform', 'heavy'),
        meanMs: fc.constantFrom(2, 10, 100),
        failShare: fc.constantFrom(0, 0, 0.1, 0.5),
        seed: fc.nat(),
      }),
      ({ concurrency, requestCount, workerCount, turnCounts, law, meanMs, failShare, seed }) => {
        const service = createRandomSource(seed).stream('service');
        const failure = createRandomSource(seed).stream('failure');
        const factor = (): number => {
          if (law === 'constant') return 1;
          if (law === 'uniform') return 2 * service.nextUniform();
          return service.nextUniform() < 0.03 ? 30 : 0.5;
        };
        const result = simulateLoad({
          phases: [closedLoop({ concurrency, requestCount })],
          times: conversations(turnCounts),
          workerCount,
          hopNs: HOP_NS,
          serviceNs: () => Math.round(factor() * meanMs * MS),
          outcome: () => (failure.nextUniform() < failShare ? 'failed' : 'completed'),
        });
        expect(result.endedEarly).toBe(false);
        expect(result.warnings).toEqual([]);
        expect(result.counts).toMatchObject({ sent: requestCount, inFlight: 0, lost: 0, sessionsInFlight: 0 });
        expect(result.sends).toHaveLength(requestCount);
        expect(result.mostSessions).toBeLessThanOrEqual(concurrency);
        expect(result.mostInFlight).toBe(Math.min(concurrency, requestCount));
        expect(findIdleSlot(result, Math.min(concurrency, requestCount))).toBeUndefined();
      },
    ),
    { numRuns: 200 },
  );
});
