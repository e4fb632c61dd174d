import type { PhaseConfig } from '@aiperf/config';
import { createRandomSource } from '@aiperf/dataset';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { arrivalTimes } from '../arrival-intervals.ts';
import type { RunForecast, SimulatedRequest } from './forecast.ts';
import { simulateRun } from './simulate-run.ts';
import type { SimulateRunOptions } from './simulate-run.ts';

const MS = 1e6;
const SEC = 1e9;

const phase = (rest: Partial<PhaseConfig>): PhaseConfig => ({
  name: 'profiling',
  kind: 'profiling',
  mode: 'concurrency',
  arrivalPattern: 'poisson',
  gracePeriodSec: 30,
  seamless: false,
  ...rest,
});

interface SimulationOptions extends Partial<Pick<SimulateRunOptions, 'workerCount' | 'requestLimit' | 'answer'>> {
  /** Turns of each conversation. */
  readonly turnCounts?: readonly number[];
  readonly delayNs?: number;
  /** Of the first turns. */
  readonly timestampsMs?: readonly number[];
  readonly seed?: number;
}

function simulate(
  phases: readonly PhaseConfig[],
  options: SimulationOptions = {},
): { readonly requests: readonly SimulatedRequest[]; readonly forecast: RunForecast } {
  const { turnCounts = [1, 1, 1, 1, 1], delayNs = Number.NaN, timestampsMs, seed = 1 } = options;
  const requests: SimulatedRequest[] = [];
  const forecast = simulateRun({
    config: { phases, fixedSchedule: { autoOffset: true }, input: { datasetSampling: 'sequential' } },
    times: {
      conversationCount: turnCounts.length,
      turnCount: (index) => turnCounts[index] ?? 0,
      turnTiming: (index, turn) => ({
        delayNs: turn === 0 ? Number.NaN : delayNs,
        timestampNs: turn === 0 ? (timestampsMs?.[index] ?? Number.NaN) * MS : Number.NaN,
      }),
    },
    random: createRandomSource(seed),
    workerCount: 2,
    requestLimit: 100_000,
    answer: () => ({ firstTokenNs: 20 * MS, endNs: 100 * MS }),
    onSend: (request) => requests.push(request),
    ...options,
  });
  return { requests, forecast };
}

describe('open loop', () => {
  const rate = phase({ mode: 'request_rate', requestRatePerSec: 200, requestCount: 500 });

  test('requests are due and sent at the times of the seed, whatever the number of workers and the answers', () => {
    const times = arrivalTimes(rate, createRandomSource(1).stream('arrivals'));
    const expected = Array.from({ length: 500 }, () => times.next().value);
    for (const [workerCount, endNs] of [
      [1, 100 * MS],
      [4, 3 * SEC],
    ] as const) {
      const { requests } = simulate([rate], { workerCount, answer: () => ({ firstTokenNs: MS, endNs }) });
      expect(requests.map(({ dueNs }) => dueNs)).toEqual(expected);
      expect(requests.map(({ sentNs }) => sentNs)).toEqual(expected);
      expect(requests.map(({ conversationIndex }) => conversationIndex)).toEqual(expected.map((_, k) => k % 5));
    }
  });

  test('what a run comes to', () => {
    const { requests, forecast } = simulate([rate]);
    const lastNs = requests.at(-1)?.sentNs ?? 0;
    const most = Math.max(
      ...requests.map(
        ({ sentNs }) => requests.filter((o) => o.sentNs <= sentNs && o.sentNs + 100 * MS > sentNs).length,
      ),
    );
    expect(forecast).toMatchObject({
      durationNs: lastNs + 100 * MS,
      requestsInFlightMax: most,
      isCutShort: false,
      phases: [
        {
          phaseIndex: 0,
          counts: { sent: 500, completed: 500, failed: 0, cancelled: 0, lost: 0, inFlight: 0 },
          sessionCount: 500,
          neverSentCount: 0,
          sendingNs: lastNs,
          durationNs: lastNs + 100 * MS,
          requestsInFlightMax: most,
          sessionsInFlightMax: most,
          warnings: [],
        },
      ],
    });
  });

  test('with too few slots requests are late, and those that never got one are counted', () => {
    const { requests, forecast } = simulate([
      phase({
        mode: 'request_rate',
        arrivalPattern: 'constant',
        requestRatePerSec: 100,
        concurrency: 2,
        durationSec: 1,
      }),
    ]);
    expect(forecast.requestsInFlightMax).toBe(2);
    expect(requests).toHaveLength(20);
    expect(requests.at(-1)).toMatchObject({ dueNs: 190 * MS });
    expect(requests.at(-1)?.sentNs).toBeGreaterThan(900 * MS);
    // Of those after the 20; one that is due within a wake-up of the end is not counted.
    expect(forecast.phases[0]).toMatchObject({ neverSentCount: 79 });
  });
});

describe('closed loop', () => {
  test('slots are full from the beginning until the requests run out', () => {
    const { requests, forecast } = simulate([phase({ concurrency: 16, requestCount: 160 })]);
    expect(requests.every(({ dueNs }) => Number.isNaN(dueNs))).toBe(true);
    expect(forecast).toMatchObject({ requestsInFlightMax: 16, phases: [{ counts: { completed: 160 } }] });
    expect(forecast.durationNs).toBeLessThanOrEqual(1.1 * SEC);
    const sentLate = requests.filter(({ sentNs }) => sentNs % (100 * MS) !== 0);
    expect(sentLate).toEqual([]);
  });

  test('sessions keep their slot while the user thinks', () => {
    const { requests, forecast } = simulate([phase({ concurrency: 2, sessionCount: 6 })], {
      turnCounts: [3],
      delayNs: 400 * MS,
    });
    expect(forecast.phases[0]).toMatchObject({ sessionCount: 6, sessionsInFlightMax: 2, counts: { completed: 18 } });
    // Three requests of 100 ms and two pauses a session; three sessions in each slot.
    expect(forecast.durationNs).toBe(3 * (300 + 800) * MS);
    for (const { turnIndex, delayNs } of requests) expect(delayNs).toBe(turnIndex === 0 ? 0 : 400 * MS);
  });

  test('a ramp opens the slots one by one', () => {
    const { requests } = simulate([
      phase({ concurrency: 5, durationSec: 3, concurrencyRamp: { durationSec: 2, shape: 'linear' } }),
    ]);
    const inFlightAt = (timeNs: number): number =>
      requests.filter(({ sentNs }) => sentNs <= timeNs && sentNs + 100 * MS > timeNs).length;
    expect([250, 750, 1250, 1750, 2250].map((ms) => inFlightAt(ms * MS))).toEqual([1, 2, 3, 4, 5]);
  });

  test('a prefill limit holds requests back until first tokens have come', () => {
    const { requests } = simulate([phase({ concurrency: 8, prefillConcurrency: 2, requestCount: 40 })], {
      workerCount: 1,
    });
    for (const { sentNs } of requests) {
      const waiting = requests.filter((other) => other.sentNs <= sentNs && other.sentNs + 20 * MS > sentNs);
      expect(waiting.length).toBeLessThanOrEqual(2);
    }
  });

  test('cancelled requests end early and are counted as such', () => {
    const { requests, forecast } = simulate([
      phase({ concurrency: 4, requestCount: 200, cancellation: { ratePercent: 50, delaySec: 0.03 } }),
    ]);
    const cancelled = requests.filter(({ cancelAfterNs }) => cancelAfterNs === 30 * MS).length;
    expect(cancelled).toBeGreaterThan(70);
    expect(forecast.phases[0]?.counts).toMatchObject({ sent: 200, cancelled, completed: 200 - cancelled });
  });

  test('the grace period cuts what is still in flight', () => {
    const { forecast } = simulate([phase({ concurrency: 3, durationSec: 1, gracePeriodSec: 0.5 })], {
      answer: () => ({ firstTokenNs: 2 * SEC, endNs: 2 * SEC }),
    });
    expect(forecast.phases[0]).toMatchObject({ durationNs: 1.5 * SEC, counts: { sent: 3, cancelled: 3 } });
  });
});

describe('phases', () => {
  const warmup = phase({ name: 'warmup', kind: 'warmup', concurrency: 4, requestCount: 8 });
  const profiling = phase({ concurrency: 2, requestCount: 10 });

  test('one after the other, with one order of conversations', () => {
    const { requests, forecast } = simulate([warmup, profiling]);
    expect(forecast.phases.map(({ startNs, durationNs }) => [startNs, durationNs])).toEqual([
      [0, 200 * MS],
      [200 * MS, 500 * MS],
    ]);
    for (const { phaseIndex, requestNumber, conversationIndex } of requests) {
      expect(conversationIndex).toBe((requestNumber + phaseIndex * 8) % 5);
    }
    expect(forecast.durationNs).toBe(700 * MS);
  });

  test('a seamless one is followed when it has sent its last request; both together count', () => {
    const { forecast } = simulate([
      { ...warmup, seamless: true },
      { ...profiling, concurrency: 6 },
    ]);
    expect(forecast.phases[1]?.startNs).toBeLessThan(200 * MS);
    expect(forecast.requestsInFlightMax).toBe(6);
  });

  test('a fixed schedule is played as recorded; what is wrong with it is said', () => {
    const { requests, forecast } = simulate([phase({ mode: 'fixed_schedule' })], {
      turnCounts: [1, 1, 1],
      timestampsMs: [700, 500, 900],
    });
    expect(requests.map(({ conversationIndex, sentNs }) => [conversationIndex, sentNs / MS])).toEqual([
      [1, 0],
      [0, 200],
      [2, 400],
    ]);
    expect(forecast.phases[0]?.warnings).toEqual([expect.stringContaining('sorted')]);
  });

  test('users have their turns at even times', () => {
    const { requests } = simulate(
      [phase({ mode: 'user_centric', userCount: 5, requestRatePerSec: 10, requestCount: 60 })],
      { turnCounts: [4, 4, 4, 4] },
    );
    expect(requests.map(({ sentNs }) => sentNs).toSorted((a, b) => a - b)).toEqual(
      requests.map((_, k) => k * 100 * MS),
    );
  });
});

test('a run without end is cut short', () => {
  const { requests, forecast } = simulate([phase({ concurrency: 10, durationSec: 3600 })], {
    requestLimit: 1000,
    answer: () => ({ firstTokenNs: 1, endNs: 1 }),
  });
  expect(forecast.isCutShort).toBe(true);
  expect(requests.length).toBeGreaterThanOrEqual(1000);
  expect(requests.length).toBeLessThan(1100);
});

test('always: limits hold, the count is exact, the books balance, the same seed gives the same requests', () => {
  fc.assert(
    fc.property(
      fc.record({
        concurrency: fc.integer({ min: 1, max: 40 }),
        requestCount: fc.integer({ min: 1, max: 300 }),
        workerCount: fc.integer({ min: 1, max: 5 }),
        turnCounts: fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 1, maxLength: 6 }),
        endMs: fc.integer({ min: 1, max: 500 }),
        isOpen: fc.boolean(),
      }),
      ({ concurrency, requestCount, workerCount, turnCounts, endMs, isOpen }) => {
        const load = isOpen
          ? phase({ mode: 'request_rate', requestRatePerSec: 100, concurrency, requestCount })
          : phase({ concurrency, requestCount });
        const run = (): ReturnType<typeof simulate> =>
          simulate([load], {
            workerCount,
            turnCounts,
            answer: () => ({ firstTokenNs: MS, endNs: endMs * MS }),
          });
        const { requests, forecast } = run();
        expect(requests).toHaveLength(requestCount);
        expect(new Set(requests.map(({ requestNumber }) => requestNumber)).size).toBe(requestCount);
        expect(forecast.phases[0]?.sessionsInFlightMax).toBeLessThanOrEqual(concurrency);
        expect(forecast.phases[0]?.counts).toMatchObject({ sent: requestCount, completed: requestCount, inFlight: 0 });
        expect(run().requests).toEqual(requests);
      },
    ),
    { seed: 4, numRuns: 40 },
  );
});
