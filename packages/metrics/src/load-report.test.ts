import type { PhaseConfig } from '@aiperf/config';
import { createRandomSource } from '@aiperf/dataset';
import { arrivalTimes, loadLawOf } from '@aiperf/timing';
import { describe, expect, test } from 'vitest';
import { reportLoad } from './load-report.ts';
import type { LoadReport } from './metric-definition.ts';
import { createMetricSet } from './metric-set.ts';
import { StoredRows, type StoredRow } from './stored-rows.test.support.ts';
import { surveyRows } from './survey-rows.ts';
import { CHAT_MODE } from './test-records.test.support.ts';

const SEED = 7;
const START_NS = 5_000_000_000;
const metrics = createMetricSet(CHAT_MODE);

const RATE: PhaseConfig = {
  name: 'profiling',
  kind: 'profiling',
  mode: 'request_rate',
  arrivalPattern: 'poisson',
  requestRatePerSec: 100,
  requestCount: 4000,
  gracePeriodSec: 30,
  seamless: false,
  sendLagLimitMs: 10,
};

/** Rows of a phase that was sent as due, each `lagNs` late. */
function scheduledRows(
  phase: PhaseConfig,
  lagNs: (index: number, sinceNs: number) => number = () => 20_000,
): StoredRow[] {
  const times = arrivalTimes(phase, createRandomSource(SEED).stream('arrivals'));
  return Array.from({ length: 4000 }, (_, index) => {
    const sinceNs = times.next().value;
    const dueNs = START_NS + sinceNs;
    return sentRow(index, dueNs + lagNs(index, sinceNs), dueNs);
  });
}

function sentRow(index: number, sentNs: number, dueNs?: number): StoredRow {
  return {
    phase_index: 0,
    valid: 1,
    was_cancelled: 0,
    session_num: index,
    turn_index: 0,
    request_start_offset_ns: sentNs,
    request_end_offset_ns: sentNs + 50_000_000,
    request_latency: 49_000_000,
    time_to_first_token: 10_000_000,
    due_offset_ns: dueNs,
    resend_ns: 0,
  };
}

async function reportOf(
  config: PhaseConfig,
  rows: readonly StoredRow[],
  { neverSent = 0, isSeeded = true } = {},
): Promise<LoadReport> {
  // In the order of no time at all, and in several batches.
  const shuffled = rows.toSorted((a, b) => (Number(a['session_num']) % 7) - (Number(b['session_num']) % 7));
  const source = new StoredRows([shuffled.slice(0, 100), shuffled.slice(100)]);
  const { phases, batchTimes } = await surveyRows(source, metrics);
  const survey = phases.get(0);
  if (survey === undefined) throw new Error('no rows of phase 0');
  const counts = {
    sent: rows.length,
    completed: rows.length,
    failed: 0,
    cancelled: 0,
    lost: 0,
    neverSent,
    sessions: 9,
  };
  return reportLoad(
    source,
    { index: 0, config, startNs: START_NS, counts, law: loadLawOf(config, isSeeded ? SEED : undefined), survey },
    batchTimes,
  );
}

describe('reportLoad', () => {
  test.for([
    ['Poisson', {}, 1],
    ['gamma, smooth', { arrivalPattern: 'gamma', arrivalSmoothness: 4 }, 0.5],
    ['gamma, bursty', { arrivalPattern: 'gamma', arrivalSmoothness: 0.5 }, Math.SQRT2],
    ['constant', { arrivalPattern: 'constant' }, 0],
    ['Poisson on a ramp', { requestRateRamp: { durationSec: 20, shape: 'linear' } }, undefined],
    [
      'constant on a ramp',
      { arrivalPattern: 'constant', requestRateRamp: { durationSec: 20, shape: 'exponential' } },
      undefined,
    ],
    [
      'gamma on a ramp of random steps',
      { arrivalPattern: 'gamma', arrivalSmoothness: 2, requestRateRamp: { durationSec: 20, shape: 'poisson' } },
      undefined,
    ],
  ] as const satisfies readonly (readonly [string, Partial<PhaseConfig>, number | undefined])[])(
    '%s: what was asked for is what was delivered',
    async ([, change, coefficientOfVariation]) => {
      const config = { ...RATE, ...change };
      const report = await reportOf(config, scheduledRows(config));
      expect(report).toMatchObject({
        phase: 'profiling',
        mode: 'request_rate',
        sent: 4000,
        sessions: 9,
        verdict: 'on_schedule',
      });
      const { ksDistance = 1, ksCritical = 0, meanMs } = report.interArrival ?? { meanMs: 0 };
      expect(ksDistance).toBeLessThan(ksCritical);
      expect(ksCritical).toBeCloseTo(1.63 / Math.sqrt(3999), 12);
      expect((report.achievedRatePerSec ?? 0) / (report.askedRatePerSec ?? 1)).toBeCloseTo(1, 1);
      expect(meanMs).toBeCloseTo(1000 / (report.achievedRatePerSec ?? 0), 9);
      expect(report.sendLagMs).toEqual({ p50: 0.02, p99: 0.02, max: 0.02 });
      if (coefficientOfVariation !== undefined) {
        expect(report.interArrival?.coefficientOfVariation).toBeCloseTo(coefficientOfVariation, 1);
        expect(report.askedRatePerSec).toBe(100);
      }
    },
  );

  test('a law that the requests do not follow shows in the distance', async () => {
    const rows = scheduledRows({ ...RATE, arrivalPattern: 'constant' });
    const poisson = await reportOf(RATE, rows);
    expect(poisson.interArrival?.ksDistance).toBeGreaterThan(0.5);
    const constant = await reportOf({ ...RATE, arrivalPattern: 'constant' }, scheduledRows(RATE));
    expect(constant.interArrival?.ksDistance).toBeGreaterThan(0);
    const wrongRate = await reportOf({ ...RATE, requestRatePerSec: 120 }, scheduledRows(RATE));
    expect(wrongRate.interArrival?.ksDistance).toBeGreaterThan(wrongRate.interArrival?.ksCritical ?? 1);
  });

  test('late requests: degraded, with the lag and the limit in the reason', async () => {
    const report = await reportOf(
      RATE,
      scheduledRows(RATE, (index) => (index % 50 === 0 ? 30e6 : 0)),
    );
    expect(report.sendLagMs).toEqual({ p50: 0, p99: 30, max: 30 });
    expect(report).toMatchObject({
      verdict: 'degraded',
      reason: 'the p99 of the send lag is 30 ms, above the limit of 10 ms',
    });
  });

  test('a schedule that stretches, and requests that were never sent, are reasons as well', async () => {
    const config = { ...RATE, sendLagLimitMs: 500 };
    // Too few for the p99 of the lag, but the schedule ends 2 % late.
    const rows = scheduledRows(config, (index, sinceNs) => (index < 3990 ? 0 : sinceNs * 0.02));
    const report = await reportOf(config, rows, { neverSent: 3 });
    expect(report.verdict).toBe('degraded');
    expect(report.reason).toMatch(
      /^3 requests were due and never sent; requests were sent at [\d.]+ per second, and due at/u,
    );
  });

  test('a short run is not called degraded for a lag below the limit', async () => {
    const lags = [6e6, 1e6, 0, 0, 0, 0, 0, 0, 0, 2e6];
    const rows = lags.map((lagNs, index) => {
      const dueNs = START_NS + index * 4e6;
      return sentRow(index, dueNs + lagNs, dueNs);
    });
    expect(await reportOf(RATE, rows)).toMatchObject({ verdict: 'on_schedule', sendLagMs: { max: 6 } });
    const late = rows.map((row, index) => (index < 9 ? row : sentRow(9, START_NS + 36e6 + 20e6, START_NS + 36e6)));
    const report = await reportOf(RATE, late);
    expect(report.verdict).toBe('degraded');
    expect(report.reason).toMatch(/requests were sent at 176.5 per second, and due at 250 per second$/u);
  });

  test('requests that never reached a connection have no part in the comparison of sent and due times', async () => {
    // The server is gone after the tenth request: the others were due, and refused.
    const rows = Array.from({ length: 100 }, (_, index) => {
      const dueNs = START_NS + index * 10e6;
      const row = sentRow(index, dueNs, dueNs);
      return index < 10 ? row : { ...row, valid: 0, request_start_offset_ns: undefined };
    });
    const config = { ...RATE, arrivalPattern: 'constant' } as const;
    expect(await reportOf(config, rows)).toMatchObject({ verdict: 'on_schedule', sendLagMs: { p50: 0, max: 0 } });
    const replay = await reportOf({ ...config, mode: 'fixed_schedule' }, rows);
    expect(replay.askedRatePerSec).toBeCloseTo(100, 9);
  });

  test('turns of users that fell away with their conversations are a reason', async () => {
    const { requestCount: _, ...timed } = RATE;
    const config: PhaseConfig = {
      ...timed,
      mode: 'user_centric',
      requestRatePerSec: 100,
      userCount: 10,
      durationSec: 2,
    };
    const grid = Array.from({ length: 200 }, (_, turn) =>
      sentRow(turn, START_NS + turn * 10e6, START_NS + turn * 10e6),
    );
    expect(await reportOf(config, grid)).toMatchObject({ verdict: 'on_schedule', askedRatePerSec: 100 });
    const holed = grid.filter((_, turn) => turn < 50 || turn % 10 !== 3);
    expect(await reportOf(config, holed)).toMatchObject({
      verdict: 'degraded',
      reason: '15 turns of users were dropped, whose conversations had ended with a failed request',
    });
    expect(await reportOf({ ...config, sessionCount: 40 }, holed)).toMatchObject({ verdict: 'on_schedule' });
  });

  test('a closed loop and a burst have no schedule', async () => {
    const rows = Array.from({ length: 100 }, (_, index) => sentRow(index, START_NS + index * 1e6));
    const { askedRatePerSec, sendLagMs, verdict, interArrival } = await reportOf(
      { ...RATE, mode: 'concurrency', concurrency: 1 },
      rows,
    );
    expect({ askedRatePerSec, sendLagMs, verdict }).toEqual({ verdict: 'not_applicable' });
    expect(interArrival).toEqual({ meanMs: 1, coefficientOfVariation: 0 });
    const burst = await reportOf({ ...RATE, arrivalPattern: 'concurrency_burst' }, rows);
    expect(burst).toMatchObject({ verdict: 'not_applicable' });
  });

  test('a recorded schedule asks for the rate of its due times', async () => {
    const config = { ...RATE, mode: 'fixed_schedule', sendLagLimitMs: 500 } as const;
    const report = await reportOf(config, scheduledRows({ ...RATE, arrivalPattern: 'constant' }));
    expect(report.askedRatePerSec).toBeCloseTo(100, 9);
    expect(report).toMatchObject({ verdict: 'on_schedule', mode: 'fixed_schedule' });
    expect(report.interArrival).not.toHaveProperty('ksDistance');
  });

  test('a ramp of random steps cannot be known again without its seed', async () => {
    const config = { ...RATE, requestRateRamp: { durationSec: 20, shape: 'poisson' } } as const;
    const report = await reportOf(config, scheduledRows(config), { isSeeded: false });
    expect(report.interArrival).not.toHaveProperty('ksDistance');
    expect(report.interArrival?.meanMs).toBeGreaterThan(0);
  });

  test('failures at the ends of a run show in its span', async () => {
    const rows = [
      { ...sentRow(0, START_NS), valid: 0 },
      sentRow(1, START_NS + 2e9),
      sentRow(2, START_NS + 3e9),
      { ...sentRow(3, START_NS + 9e9), valid: 0, request_end_offset_ns: START_NS + 10e9 },
    ];
    const report = await reportOf({ ...RATE, mode: 'concurrency' }, rows);
    expect(report).toMatchObject({ requestSpanSec: 10, goodRatePerSec: 0.2 });
  });

  test('one request has no interval, and none has no report of anything', async () => {
    const report = await reportOf(RATE, [sentRow(0, START_NS, START_NS)]);
    expect(report).toMatchObject({ verdict: 'on_schedule', sendLagMs: { p50: 0, p99: 0, max: 0 } });
    expect(report).not.toHaveProperty('interArrival');
    expect(report).not.toHaveProperty('achievedRatePerSec');
  });
});
