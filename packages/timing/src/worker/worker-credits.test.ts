import { describe, expect, test } from 'vitest';
import type { WorkerCredits } from './worker-credits.ts';
import { batch, outcomesOf, phase, secondTurn, session, setUp, undated } from './worker-credits-rig.test.support.ts';

const MS = 1e6;

const byNumber = (a: readonly unknown[], b: readonly unknown[]): number => Number(a[0]) - Number(b[0]);

describe('slots', () => {
  test('as many as there are slots go out, the next when one ends, with the turnaround of its slot', () => {
    const { clock, credits, sent } = setUp();
    credits.beginPhase(phase(2));
    credits.grant(undated(0, 4));
    clock.advanceTo(1 * MS);
    expect(sent.map(({ id }) => id)).toEqual([0, 1]);
    expect(sent.every(({ turnaroundNs }) => Number.isNaN(turnaroundNs))).toBe(true);
    credits.requestEnded(1, 'completed');
    expect(sent).toHaveLength(2);
    clock.advanceTo(2 * MS);
    expect(sent.at(-1)).toEqual({ id: 2, atNs: 1 * MS, turnaroundNs: 0 });
    expect(credits.inFlight).toBe(2);
  });

  test('a slot that waited for credits says so in its turnaround', () => {
    const { clock, credits, sent } = setUp();
    credits.beginPhase(phase(1));
    credits.grant(undated(0, 1));
    clock.advanceTo(10 * MS);
    credits.requestEnded(0, 'completed');
    clock.advanceTo(13 * MS);
    credits.grant(undated(1, 1));
    clock.advanceTo(20 * MS);
    expect(sent.at(-1)).toEqual({ id: 1, atNs: 13 * MS, turnaroundNs: 3 * MS });
  });

  test('the turnaround counts from the end that is stated', () => {
    const { clock, credits, sent } = setUp();
    credits.beginPhase(phase(1));
    credits.grant(undated(0, 2));
    clock.advanceTo(10 * MS);
    credits.requestEnded(0, 'completed', 0, 9 * MS);
    clock.advanceTo(20 * MS);
    expect(sent.at(-1)).toEqual({ id: 1, atNs: 10 * MS, turnaroundNs: 1 * MS });
  });

  test('slots that end in one turn of the event loop are refilled together, after it', () => {
    const { clock, credits, sent } = setUp();
    credits.beginPhase(phase(3));
    credits.grant(undated(0, 9));
    clock.advanceTo(1 * MS);
    for (const id of [0, 1, 2]) credits.requestEnded(id, 'completed');
    expect(sent).toHaveLength(3);
    clock.advanceTo(1 * MS);
    expect(sent.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  test('a request that fails while it is sent frees its slot for the next turn, not for this loop', () => {
    const { clock, credits, sent, reports } = setUp((credits, { id }) => credits.requestEnded(id, 'failed'));
    credits.beginPhase(phase(2));
    credits.grant(undated(0, 7));
    clock.advanceTo(10 * MS);
    expect(sent.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(outcomesOf(reports)).toEqual(sent.map(({ id }) => [id, 'failed']));
  });

  test('more slots may be given while the phase runs, or fewer', () => {
    const { clock, credits, sent } = setUp();
    credits.beginPhase(phase(1));
    credits.grant(undated(0, 10));
    clock.advanceTo(1 * MS);
    expect(credits.inFlight).toBe(1);
    credits.beginPhase(phase(4));
    clock.advanceTo(2 * MS);
    expect(credits.inFlight).toBe(4);
    credits.beginPhase(phase(2));
    for (const id of [0, 1]) credits.requestEnded(id, 'completed');
    clock.advanceTo(3 * MS);
    expect(credits.inFlight).toBe(2);
    expect(sent).toHaveLength(4);
  });

  test('no slots: nothing is sent', () => {
    const { clock, credits, sent } = setUp();
    credits.beginPhase(phase(0));
    credits.grant(undated(0, 2));
    clock.advanceTo(100 * MS);
    expect(sent).toEqual([]);
  });
});

describe('sessions', () => {
  test('a turn waits for the end of the one before, its delay and its due time; the session keeps its slot', () => {
    const { clock, credits, sent } = setUp();
    credits.beginPhase(phase(1));
    credits.grant(session(0, 0, [{}, { delayNs: 5 * MS }, { dueNs: 40 * MS }]));
    credits.grant(undated(10, 1));
    clock.advanceTo(10 * MS);
    credits.requestEnded(0, 'completed', 0, 9 * MS);
    clock.advanceTo(20 * MS);
    credits.requestEnded(1, 'completed');
    clock.advanceTo(50 * MS);
    expect(sent).toEqual([
      { id: 0, atNs: 0, turnaroundNs: Number.NaN },
      { id: 1, atNs: 14 * MS, turnaroundNs: 0 },
      { id: 2, atNs: 40 * MS, turnaroundNs: Number.NaN },
    ]);
    credits.requestEnded(2, 'completed');
    clock.advanceTo(60 * MS);
    expect(sent.at(-1)).toEqual({ id: 10, atNs: 50 * MS, turnaroundNs: 0 });
  });

  test.for(['failed', 'cancelled'] as const)(
    'a turn that is %s ends the session: the rest comes back, the slot is free',
    (outcome) => {
      const { clock, credits, sent, reports } = setUp();
      credits.beginPhase(phase(1));
      credits.grant(session(0, 0, [{}, {}, {}]));
      credits.grant(undated(10, 1));
      clock.advanceTo(5 * MS);
      credits.requestEnded(0, outcome);
      clock.advanceTo(30 * MS);
      expect(sent.map(({ id }) => id)).toEqual([0, 10]);
      expect(outcomesOf(reports)).toEqual([
        [0, outcome],
        [1, 'unsent'],
        [2, 'unsent'],
      ]);
      expect(reports.at(-1)?.batches[0]).toMatchObject({ sentCount: 2, startedSessionCount: 2 });
    },
  );

  test('a turn that is granted alone finds its session waiting, in its slot', () => {
    const { clock, credits, sent } = setUp();
    credits.beginPhase(phase(1));
    const [first] = [session(3, 0, [{ dueNs: 1 * MS }])];
    credits.grant({ ...first, turnCounts: Uint32Array.of(2) });
    credits.grant(batch(20, [2 * MS]));
    clock.advanceTo(10 * MS);
    credits.requestEnded(0, 'completed');
    clock.advanceTo(20 * MS);
    expect(sent).toHaveLength(1);
    credits.grant(secondTurn(3, 1, 25 * MS, 30 * MS));
    clock.advanceTo(100 * MS);
    // Due at 25, but its delay ends at 40.
    expect(sent.map(({ id, atNs }) => [id, atNs / MS])).toEqual([
      [0, 1],
      [1, 40],
    ]);
    credits.requestEnded(1, 'completed');
    clock.advanceTo(101 * MS);
    expect(sent.at(-1)?.id).toBe(20);
  });

  test('the end of sending hands the turns of every session back, first turns first; one between two turns ends', () => {
    const { clock, credits, reports } = setUp();
    credits.beginPhase(phase(2));
    credits.grant(session(0, 0, [{}, { delayNs: 100 * MS }]));
    credits.grant(session(1, 2, [{}, {}, {}]));
    credits.grant(session(2, 5, [{}, {}]));
    clock.advanceTo(5 * MS);
    credits.requestEnded(0, 'completed');
    credits.stopSending(0);
    expect(
      outcomesOf(reports)
        .filter(([, outcome]) => outcome === 'unsent')
        .map(([id]) => id),
    ).toEqual([5, 1, 3, 4, 6]);
    credits.requestEnded(2, 'completed');
    clock.advanceTo(300 * MS);
    expect(outcomesOf(reports)).toHaveLength(7);
    expect(credits.inFlight).toBe(0);
    expect(clock.pendingTimerCount).toBe(0);
  });

  test('a turn that comes for a session that is over goes straight back', () => {
    const { clock, credits, reports } = setUp();
    credits.beginPhase(phase(1));
    credits.grant(secondTurn(9, 4, Number.NaN));
    clock.advanceTo(20 * MS);
    expect(outcomesOf(reports)).toEqual([[4, 'unsent']]);
  });
});

describe('prefill slots', () => {
  test('a request holds one until its first token, or its end', () => {
    const { clock, credits, sent } = setUp();
    credits.beginPhase(phase(4, { prefillSlots: 1 }));
    credits.grant(undated(0, 4));
    clock.advanceTo(10 * MS);
    expect(sent).toHaveLength(1);
    credits.firstTokenArrived(0, 0);
    clock.advanceTo(20 * MS);
    expect(sent).toHaveLength(2);
    credits.firstTokenArrived(0, 0);
    credits.requestEnded(1, 'failed');
    clock.advanceTo(30 * MS);
    credits.firstTokenArrived(2, 0);
    clock.advanceTo(40 * MS);
    expect(sent.map(({ id, atNs }) => [id, atNs / MS])).toEqual([
      [0, 0],
      [1, 10],
      [2, 20],
      [3, 30],
    ]);
    // The wait for the prefill slot is not the client's.
    expect(sent.map(({ turnaroundNs }) => turnaroundNs)).toEqual([Number.NaN, Number.NaN, 0, Number.NaN]);
  });

  test('without a limit a first token changes nothing', () => {
    const { clock, credits, sent } = setUp();
    credits.beginPhase(phase(1));
    credits.grant(undated(0, 2));
    clock.advanceTo(1 * MS);
    credits.firstTokenArrived(0, 0);
    credits.firstTokenArrived(99, 5);
    clock.advanceTo(2 * MS);
    expect(sent).toHaveLength(1);
  });
});

describe('due times', () => {
  test('each is sent when it is due, in the order of the times, whatever the order of arrival', () => {
    const { clock, credits, sent } = setUp();
    credits.beginPhase(phase(null));
    credits.grant(batch(0, [30 * MS, 10 * MS, 20 * MS]));
    credits.grant(batch(3, [15 * MS, 10 * MS]));
    clock.advanceTo(100 * MS);
    expect(sent.map(({ id, atNs }) => [id, atNs / MS])).toEqual([
      [1, 10],
      [4, 10],
      [3, 15],
      [2, 20],
      [0, 30],
    ]);
  });

  test('thousands of random due times', () => {
    const { clock, credits, sent } = setUp();
    credits.beginPhase(phase(null));
    const dueNs = Array.from({ length: 5000 }, (_, i) => ((i * 7919) % 5003) * 1000);
    for (let i = 0; i < dueNs.length; i += 100) credits.grant(batch(i, dueNs.slice(i, i + 100)));
    clock.advanceTo(100 * MS);
    expect(sent.map(({ atNs }) => atNs)).toEqual(dueNs.toSorted((a, b) => a - b));
    expect(sent.every(({ id, atNs }) => dueNs[id] === atNs)).toBe(true);
  });

  test('with slots: first due, then a slot; no slot is taken before the due time', () => {
    const { clock, credits, sent } = setUp();
    credits.beginPhase(phase(1));
    credits.grant(batch(0, [10 * MS, 11 * MS, 50 * MS]));
    clock.advanceTo(20 * MS);
    expect(sent).toHaveLength(1);
    credits.requestEnded(0, 'completed');
    clock.advanceTo(21 * MS);
    credits.requestEnded(1, 'completed');
    clock.advanceTo(100 * MS);
    expect(sent.map(({ id, atNs }) => [id, atNs / MS])).toEqual([
      [0, 10],
      [1, 20],
      [2, 50],
    ]);
    expect(sent.every(({ turnaroundNs }) => Number.isNaN(turnaroundNs))).toBe(true);
  });
});

describe('the end of sending', () => {
  test('nothing starts at or after the stop time; what waits is returned unsent at that time', () => {
    const { clock, credits, sent, reports } = setUp();
    credits.beginPhase(phase(1, { stopSendingAtNs: 50 * MS }));
    credits.grant(batch(0, [10 * MS, 49 * MS, 60 * MS]));
    clock.advanceTo(50 * MS);
    expect(sent.map(({ id }) => id)).toEqual([0]);
    expect(outcomesOf(reports)).toEqual([
      [1, 'unsent'],
      [2, 'unsent'],
    ]);
    credits.requestEnded(0, 'completed');
    credits.grant(undated(3, 1));
    clock.advanceTo(200 * MS);
    expect(sent).toHaveLength(1);
    expect(outcomesOf(reports).slice(2).toSorted(byNumber)).toEqual([
      [0, 'completed'],
      [3, 'unsent'],
    ]);
  });

  test('stopSending closes the phase, requests in flight end as they may', () => {
    const { clock, credits, sent, reports } = setUp();
    credits.beginPhase(phase(1));
    credits.grant(undated(0, 2));
    clock.advanceTo(1 * MS);
    credits.stopSending(0);
    expect(outcomesOf(reports)).toEqual([[1, 'unsent']]);
    credits.grant(undated(2, 1));
    credits.requestEnded(0, 'completed');
    clock.advanceTo(50 * MS);
    expect(sent).toHaveLength(1);
    expect(outcomesOf(reports)).toHaveLength(3);
  });
});

describe('reports', () => {
  test('returns are gathered for 10 ms while requests go on', () => {
    const { clock, credits, reports } = setUp((credits, { id }) => {
      clockRef.startTimer(1, () => credits.requestEnded(id, 'completed'));
    });
    const clockRef = clock;
    credits.beginPhase(phase(null));
    credits.grant(
      batch(
        0,
        Array.from({ length: 1000 }, (_, i) => i * 0.1 * MS),
      ),
    );
    clock.advanceTo(90 * MS);
    const gapsMs = reports.map(({ atNs }, i) => (atNs - (reports[i - 1]?.atNs ?? atNs)) / MS).slice(1);
    expect(gapsMs.length).toBeGreaterThan(3);
    expect(Math.min(...gapsMs)).toBeGreaterThanOrEqual(10);
    expect(Math.max(...gapsMs)).toBeLessThan(10.2);
  });

  test('at once when nothing is left to do', () => {
    const { clock, credits, reports } = setUp();
    credits.beginPhase(phase(1));
    credits.grant(undated(0, 1));
    clock.advanceTo(7.5 * MS);
    credits.requestEnded(0, 'completed');
    clock.advanceTo(8 * MS);
    expect(reports.at(-1)).toMatchObject({ atNs: 7.5 * MS, batches: [{ sentCount: 1, lastSentNs: 0 }] });
    expect(outcomesOf(reports)).toEqual([[0, 'completed']]);
  });

  test('at once when the lease runs low, once; and when it is used up, once', () => {
    const { clock, credits, reports } = setUp();
    credits.beginPhase(phase(1));
    credits.grant(undated(0, 41));
    clock.advanceTo(100 * MS);
    reports.length = 0;
    // One request every 25 ms: far fewer than the lease in the last 20 ms, so a quarter of the lease decides.
    for (let id = 0; id < 40; id += 1) {
      clock.advanceBy(25 * MS);
      credits.requestEnded(id, 'completed');
      clock.advanceBy(0);
    }
    const atOnce = reports.filter(({ atNs }) => atNs % (25 * MS) === 0);
    const unsentThen = atOnce.map(({ batches }) => 41 - (batches[0]?.sentCount ?? 0));
    expect(unsentThen).toContain(9);
    expect(unsentThen.at(-1)).toBe(0);
  });

  test('sends alone are reported too, so that the counts of a slow server are right', () => {
    const { clock, credits, reports } = setUp();
    credits.beginPhase(phase(8));
    credits.grant(undated(0, 3));
    clock.advanceTo(60 * MS);
    expect(reports.at(-1)?.batches[0]).toMatchObject({ sentCount: 3, ids: new Float64Array(0) });
  });

  test('nothing new: no report', () => {
    const { clock, credits, reports } = setUp();
    credits.beginPhase(phase(8));
    clock.advanceTo(1000 * MS);
    expect(reports).toEqual([]);
    expect(clock.pendingTimerCount).toBe(0);
  });
});

describe('phases and mistakes', () => {
  test('sessions of an older phase take slots away from a newer one, and give them back', () => {
    const { clock, credits, sent } = setUp();
    credits.beginPhase(phase(2));
    credits.grant(undated(0, 2));
    clock.advanceTo(1 * MS);
    credits.beginPhase(phase(2, { phaseIndex: 1 }));
    credits.grant(batch(0, [Number.NaN, Number.NaN, Number.NaN], 1));
    clock.advanceTo(5 * MS);
    expect(sent).toHaveLength(2);
    credits.requestEnded(1, 'completed', 0);
    clock.advanceTo(6 * MS);
    expect(credits.inFlight).toBe(2);
    // The limits of the older phase are told again: it stays the older one.
    credits.beginPhase(phase(2));
    credits.requestEnded(0, 'completed', 0);
    clock.advanceTo(7 * MS);
    expect(sent.map(({ atNs }) => atNs / MS)).toEqual([0, 0, 5, 6]);
    expect(credits.inFlight).toBe(2);
  });

  test('two live phases with equal ids are kept apart', () => {
    const { clock, credits, reports } = setUp();
    credits.beginPhase(phase(1, { kind: 'warmup' }));
    credits.grant(undated(0, 1));
    clock.advanceTo(1 * MS);
    credits.beginPhase(phase(2, { phaseIndex: 1 }));
    credits.grant(batch(0, [Number.NaN], 1));
    clock.advanceTo(2 * MS);
    expect(credits.inFlight).toBe(2);
    credits.requestEnded(0, 'failed', 1);
    credits.requestEnded(0, 'completed', 0);
    clock.advanceTo(20 * MS);
    const returned = reports.flatMap(({ batches }) => batches).filter(({ ids }) => ids.length > 0);
    expect(returned.map(({ phaseIndex, outcomes }) => [phaseIndex, outcomes[0] ?? -1]).toSorted(byNumber)).toEqual([
      [0, 0],
      [1, 1],
    ]);
  });

  test.for<[string, (credits: WorkerCredits) => void]>([
    ['a grant for a phase that has not begun', (credits) => credits.grant(batch(0, [0], 7))],
    ['the end of a request that was never sent', (credits) => credits.requestEnded(99, 'completed')],
    ['the second end of a request', (credits) => credits.requestEnded(0, 'completed')],
    ['the end in the wrong phase', (credits) => credits.requestEnded(1, 'completed', 3)],
  ])('%s is refused', ([, act]) => {
    const { clock, credits } = setUp();
    credits.beginPhase(phase(2));
    credits.grant(undated(0, 2));
    clock.advanceTo(1 * MS);
    credits.requestEnded(0, 'completed');
    expect(() => act(credits)).toThrow(expect.objectContaining({ code: 'AIPERF_TIMING_PROTOCOL' }));
  });

  test('close leaves no timer', () => {
    const { clock, credits } = setUp();
    credits.beginPhase(phase(2, { stopSendingAtNs: 900 * MS }));
    credits.grant(batch(0, [1, 500 * MS]));
    clock.advanceTo(10 * MS);
    credits.close();
    expect(clock.pendingTimerCount).toBe(0);
  });
});
