import { describe, expect, test } from 'vitest';
import { outcomesOf, phase, secondTurn, session, setUp, undated } from './worker-credits-rig.test.support.ts';

const MS = 1e6;

describe('recall', () => {
  test('sessions that have no slot come back, those for which one is free are sent; sending goes on', () => {
    const { clock, credits, sent, reports } = setUp();
    credits.beginPhase(phase(2));
    credits.grant(undated(0, 5));
    // In the same turn of the event loop: nothing is sent yet.
    credits.recall({ phaseIndex: 0, laterTurns: false });
    expect(outcomesOf(reports)).toEqual([
      [2, 'recalled'],
      [3, 'recalled'],
      [4, 'recalled'],
    ]);
    credits.grant(undated(2, 1));
    clock.advanceTo(5 * MS);
    expect(sent.map(({ id }) => id)).toEqual([0, 1]);
    credits.requestEnded(0, 'completed');
    clock.advanceTo(6 * MS);
    expect(sent.map(({ id }) => id)).toEqual([0, 1, 2]);
  });

  test('a session that has not begun comes back whole', () => {
    const { clock, credits, reports } = setUp();
    credits.beginPhase(phase(1));
    credits.grant(session(0, 0, [{}, {}]));
    credits.grant(session(1, 2, [{}, {}, {}]));
    clock.advanceTo(1 * MS);
    credits.recall({ phaseIndex: 0, laterTurns: false });
    expect(outcomesOf(reports)).toEqual([
      [2, 'recalled'],
      [3, 'recalled'],
      [4, 'recalled'],
    ]);
  });

  test('later turns come back if they are wanted, and their session goes on with what is granted later', () => {
    const { clock, credits, sent, reports } = setUp();
    credits.beginPhase(phase(2));
    credits.grant(session(0, 0, [{}, {}]));
    credits.grant(session(1, 10, [{}, { delayNs: 20 * MS }, {}]));
    clock.advanceTo(1 * MS);
    credits.requestEnded(10, 'completed');
    clock.advanceTo(2 * MS);
    credits.recall({ phaseIndex: 0, laterTurns: true });
    // Turn 1 of the other session waits for its delay only.
    expect(outcomesOf(reports).filter(([, outcome]) => outcome === 'recalled')).toEqual([
      [1, 'recalled'],
      [12, 'recalled'],
    ]);
    credits.requestEnded(0, 'completed');
    clock.advanceTo(30 * MS);
    expect(sent.map(({ id }) => id)).toEqual([0, 10, 11]);
    credits.grant(secondTurn(0, 20, Number.NaN));
    clock.advanceTo(31 * MS);
    expect(sent.at(-1)).toEqual({ id: 20, atNs: 30 * MS, turnaroundNs: 28 * MS });
  });

  test('in a phase that is over nothing happens', () => {
    const { clock, credits, reports } = setUp();
    credits.recall({ phaseIndex: 3, laterTurns: true });
    clock.advanceTo(20 * MS);
    expect(reports).toEqual([]);
  });
});

describe('what the timing manager must know soon', () => {
  test('within a millisecond when a slot has nothing to send', () => {
    const { clock, credits, reports } = setUp();
    credits.beginPhase(phase(3));
    credits.grant(undated(0, 3));
    clock.advanceTo(100 * MS);
    reports.length = 0;
    for (const [id, atMs] of [
      [0, 100.1],
      [1, 100.2],
    ] as const) {
      clock.advanceTo(atMs * MS);
      credits.requestEnded(id, 'completed');
    }
    clock.advanceTo(105 * MS);
    expect(reports.map(({ atNs, batches }) => [atNs / MS, batches[0]?.ids.length])).toEqual([
      [100.1, 1],
      [101.1, 1],
    ]);
  });

  test('within a millisecond when a session comes to its last credit and has further turns', () => {
    const { clock, credits, reports } = setUp();
    credits.beginPhase(phase(2));
    const turns = session(0, 0, [{}, {}]);
    credits.grant({ ...turns, turnCounts: Uint32Array.of(3, 3) });
    credits.grant(undated(10, 30));
    clock.advanceTo(60 * MS);
    reports.length = 0;
    credits.requestEnded(0, 'completed');
    clock.advanceTo(61 * MS);
    expect(outcomesOf(reports)).toEqual([[0, 'completed']]);
  });
});
