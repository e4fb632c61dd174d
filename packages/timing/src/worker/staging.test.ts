import { describe, expect, test } from 'vitest';
import { NEAR_NS } from '../pacer.ts';
import { batch, outcomesOf, phase, secondTurn, session, setUp, undated } from './worker-credits-rig.test.support.ts';
import type { StagedFate } from './worker-credits-rig.test.support.ts';

const MS = 1e6;

const setUpStaging = (turnNs = 0): ReturnType<typeof setUp> => setUp(undefined, true, turnNs);
const told = (fates: readonly StagedFate[]): string[] =>
  fates.map(({ id, atNs, fate }) => `${id} ${fate} ${atNs / MS}`);

describe('a request staged before its due time', () => {
  test('is sent exactly then and counts as sent only then, one after the other', () => {
    const { clock, credits, sent, fates, reports } = setUpStaging();
    credits.beginPhase(phase(null));
    credits.grant(batch(0, [10 * MS, 20 * MS]));
    clock.advanceTo(9 * MS);
    expect(told(fates)).toEqual(['0 staged 7', '1 staged 7']);
    expect([credits.inFlight, reports.length]).toEqual([0, 0]);
    clock.advanceTo(10 * MS);
    expect(credits.inFlight).toBe(1);
    clock.advanceTo(30 * MS);
    expect(told(fates).slice(2)).toEqual(['0 fired 10', '1 fired 20']);
    expect(sent).toEqual([]);
    credits.requestEnded(0, 'completed');
    credits.requestEnded(1, 'failed');
    clock.advanceTo(100 * MS);
    expect(outcomesOf(reports)).toEqual([
      [0, 'completed'],
      [1, 'failed'],
    ]);
    const last = reports.at(-1)?.batches[0];
    expect([last?.sentCount, last?.startedSessionCount, last?.lastSentNs]).toEqual([2, 2, 20 * MS]);
  });

  test('is never staged when it is late already', () => {
    const { clock, credits, sent, fates } = setUpStaging();
    clock.advanceTo(10 * MS);
    credits.beginPhase(phase(null));
    credits.grant(batch(0, [4 * MS, 5 * MS]));
    clock.advanceTo(20 * MS);
    expect(sent.map(({ id, atNs }) => [id, atNs])).toEqual([
      [0, 10 * MS],
      [1, 10 * MS],
    ]);
    expect(fates).toEqual([]);
  });

  test('is given up when sending stops: its credit comes back unsent, once', () => {
    const { clock, credits, sent, fates, reports } = setUpStaging();
    credits.beginPhase(phase(null));
    credits.grant(batch(0, [10 * MS, 20 * MS]));
    clock.advanceTo(9 * MS);
    credits.stopSending(0);
    expect(told(fates)).toEqual(['0 staged 7', '1 staged 7', '0 dropped 9', '1 dropped 9']);
    clock.advanceTo(100 * MS);
    expect(sent).toEqual([]);
    expect(fates).toHaveLength(4);
    expect(outcomesOf(reports)).toEqual([
      [0, 'unsent'],
      [1, 'unsent'],
    ]);
    expect(reports.at(-1)?.batches[0]?.sentCount).toBe(0);
  });

  test('is not even made when its due time is past the end of sending', () => {
    const { clock, credits, fates, reports } = setUpStaging();
    credits.beginPhase(phase(null, { stopSendingAtNs: 9.5 * MS }));
    credits.grant(batch(0, [10 * MS]));
    clock.advanceTo(20 * MS);
    expect(fates).toEqual([]);
    expect(outcomesOf(reports)).toEqual([[0, 'unsent']]);
  });

  test('is given up when everything is closed, and nothing is left', () => {
    const { clock, credits, fates } = setUpStaging();
    credits.beginPhase(phase(null));
    credits.grant(batch(0, [10 * MS]));
    clock.advanceTo(8 * MS);
    credits.close();
    expect(told(fates)).toEqual(['0 staged 7', '0 dropped 8']);
    expect(clock.pendingTimerCount).toBe(0);
  });

  test('an earlier one that is granted meanwhile goes first, and neither is late', () => {
    const { clock, credits, sent, fates } = setUpStaging();
    credits.beginPhase(phase(null));
    credits.grant(batch(5, [10 * MS]));
    clock.advanceTo(8 * MS);
    credits.grant(batch(6, [9 * MS]));
    clock.advanceTo(20 * MS);
    expect(sent).toEqual([]);
    expect(told(fates)).toEqual(['5 staged 7', '6 staged 8', '6 fired 9', '5 fired 10']);
  });

  test('leaves with one that is due in the same turn of the event loop, before anything else is made', () => {
    const { clock, credits, sent, fates } = setUpStaging(100_000);
    credits.beginPhase(phase(null));
    credits.grant(batch(0, [10 * MS, 10 * MS, 10 * MS, 12 * MS]));
    clock.advanceTo(20 * MS);
    expect(fates.map(({ id, fate }) => `${id} ${fate}`)).toEqual([
      '0 staged',
      '1 staged',
      '0 fired',
      '1 fired',
      '3 staged',
      '3 fired',
    ]);
    // More than two are not made ahead of time.
    expect(sent.map(({ id }) => id)).toEqual([2]);
    const [first, second] = fates.filter(({ fate }) => fate === 'fired');
    expect(second?.atNs).toBe(first?.atNs);
  });

  test('is not held up by the making of the next one', () => {
    const { clock, credits, sent, fates } = setUpStaging();
    credits.beginPhase(phase(null));
    credits.grant(batch(0, [10 * MS]));
    clock.advanceTo(9.99 * MS);
    credits.grant(batch(1, [10.01 * MS]));
    clock.advanceTo(20 * MS);
    expect(told(fates)).toEqual(['0 staged 7', '0 fired 10', '1 staged 10', '1 fired 10.01']);
    expect(sent).toEqual([]);
  });

  test('of two with one due time, the smaller id goes first', () => {
    const { clock, credits, sent, fates } = setUpStaging();
    credits.beginPhase(phase(1));
    credits.grant(batch(5, [10 * MS]));
    clock.advanceTo(8 * MS);
    credits.grant(batch(4, [10 * MS]));
    clock.advanceTo(20 * MS);
    expect(told(fates)).toEqual(['5 staged 7', '4 staged 8', '4 fired 10', '5 dropped 10']);
    credits.requestEnded(4, 'completed');
    clock.advanceTo(30 * MS);
    expect(sent.map(({ id, atNs }) => [id, atNs])).toEqual([[5, 20 * MS]]);
  });

  test('limits that change give it up, and it is sent within the new ones', () => {
    const { clock, credits, sent, fates } = setUpStaging();
    credits.beginPhase(phase(2));
    credits.grant(undated(0, 1));
    credits.grant(batch(1, [10 * MS]));
    clock.advanceTo(8 * MS);
    credits.beginPhase(phase(1));
    expect(told(fates)).toEqual(['1 staged 7', '1 dropped 8']);
    clock.advanceTo(15 * MS);
    expect(sent.map(({ id }) => id)).toEqual([0]);
    credits.requestEnded(0, 'completed');
    clock.advanceTo(20 * MS);
    expect(sent.map(({ id, atNs }) => [id, atNs])).toEqual([
      [0, 0],
      [1, 15 * MS],
    ]);
  });

  test('a slot that is taken meanwhile is waited for', () => {
    const { clock, credits, sent, fates } = setUpStaging();
    credits.beginPhase(phase(1));
    credits.grant(batch(1, [10 * MS]));
    clock.advanceTo(8 * MS);
    credits.grant(undated(2, 1));
    clock.advanceTo(15 * MS);
    expect(told(fates)).toEqual(['1 staged 7']);
    expect(credits.inFlight).toBe(1);
    credits.requestEnded(2, 'completed');
    clock.advanceTo(20 * MS);
    expect(sent.map(({ id, atNs }) => [id, atNs])).toEqual([[2, 8 * MS]]);
    expect(told(fates).slice(1)).toEqual(['1 fired 15']);
    expect(credits.inFlight).toBe(1);
  });

  test('the slots of an older phase are not free for it', () => {
    const { clock, credits, sent, fates } = setUpStaging();
    credits.beginPhase(phase(1, { kind: 'warmup' }));
    credits.grant(session(7, 0, [{}, { delayNs: 9 * MS }]));
    clock.advanceTo(1 * MS);
    credits.beginPhase(phase(1, { phaseIndex: 1 }));
    credits.grant(batch(1, [10 * MS], 1));
    clock.advanceTo(15 * MS);
    expect([fates, sent.map(({ id }) => id)]).toEqual([[], [0]]);
    credits.requestEnded(0, 'failed', 0);
    clock.advanceTo(20 * MS);
    expect(sent.map(({ id, atNs }) => [id, atNs])).toEqual([
      [0, 0],
      [1, 15 * MS],
    ]);
  });

  test('prefill slots hold for it, and its first token frees one', () => {
    const { clock, credits, sent, fates } = setUpStaging();
    credits.beginPhase(phase(null, { prefillSlots: 1 }));
    credits.grant(batch(0, [10 * MS, 20 * MS, 30 * MS]));
    clock.advanceTo(25 * MS);
    expect(told(fates)).toEqual(['0 staged 7', '1 staged 7', '0 fired 10']);
    credits.firstTokenArrived(0, 0);
    clock.advanceTo(26 * MS);
    credits.firstTokenArrived(1, 0);
    clock.advanceTo(40 * MS);
    expect(sent).toEqual([]);
    expect(told(fates).slice(3)).toEqual(['1 fired 25', '2 staged 27', '2 fired 30']);
  });

  test('its session goes on', () => {
    const { clock, credits, sent, fates } = setUpStaging();
    credits.beginPhase(phase(1));
    credits.grant(session(3, 0, [{ dueNs: 10 * MS }, { delayNs: 5 * MS }]));
    clock.advanceTo(12 * MS);
    expect(told(fates)).toEqual(['0 staged 7', '0 fired 10']);
    credits.requestEnded(0, 'completed');
    clock.advanceTo(40 * MS);
    expect(sent.map(({ id, atNs }) => [id, atNs])).toEqual([[1, 17 * MS]]);
    expect(credits.inFlight).toBe(1);
  });

  test('later turns are sent the usual way, though one is ready while a first turn is staged', () => {
    const { clock, credits, sent, fates } = setUpStaging();
    credits.beginPhase(phase(2));
    credits.grant({ ...session(3, 0, [{}]), turnCounts: Uint32Array.of(2) });
    clock.advanceTo(1 * MS);
    credits.requestEnded(0, 'completed');
    credits.grant(batch(1, [10 * MS]));
    clock.advanceTo(8 * MS);
    credits.grant(secondTurn(3, 2, 10 * MS));
    clock.advanceTo(20 * MS);
    expect(sent.map(({ id, atNs }) => [id, atNs])).toEqual([
      [0, 0],
      [2, 10 * MS],
    ]);
    expect(told(fates)).toEqual(['1 staged 7', '1 fired 10']);
  });

  test('is staged no earlier than the pacer says', () => {
    const { clock, credits, fates } = setUpStaging();
    credits.beginPhase(phase(null));
    credits.grant(batch(0, [10 * MS]));
    clock.advanceTo(10 * MS - NEAR_NS - 1);
    expect(fates).toEqual([]);
    clock.advanceTo(10 * MS - NEAR_NS);
    expect(fates).toHaveLength(1);
  });
});

describe('requests for slots that are in use', () => {
  test('are made some a turn, leave in order with the turnaround of their slot, and are made anew', () => {
    const { clock, credits, sent, fates } = setUpStaging();
    credits.beginPhase(phase(3));
    credits.grant(undated(0, 20));
    clock.advanceTo(1 * MS);
    expect(sent.map(({ id }) => id)).toEqual([0, 1, 2]);
    // As many as there are slots in use: no more can become free.
    expect(told(fates)).toEqual(['3 staged 0', '4 staged 0', '5 staged 0']);
    clock.advanceTo(5 * MS);
    credits.requestEnded(1, 'completed', 0, 4 * MS);
    clock.advanceTo(6 * MS);
    expect(fates.slice(3)).toEqual([
      { id: 3, atNs: 5 * MS, fate: 'fired', turnaroundNs: 1 * MS },
      { id: 6, atNs: 5 * MS, fate: 'staged' },
    ]);
    expect([sent.length, credits.inFlight]).toEqual([3, 3]);
  });

  test('are sixteen at most, four in a turn of the event loop', () => {
    const { clock, credits, fates } = setUpStaging(1_000);
    credits.beginPhase(phase(30));
    credits.grant(undated(0, 100));
    clock.advanceTo(1 * MS);
    expect(fates.map(({ id }) => id)).toEqual(Array.from({ length: 16 }, (_, index) => 30 + index));
    const turns = Map.groupBy(fates, ({ atNs }) => atNs);
    expect([...turns.values()].map((made) => made.length)).toEqual([4, 4, 4, 4]);
  });

  test('are given up when credits are called back, and those that stay are made again', () => {
    const { clock, credits, fates, reports } = setUpStaging();
    credits.beginPhase(phase(2));
    credits.grant(undated(0, 4));
    clock.advanceTo(1 * MS);
    credits.recall({ phaseIndex: 0, laterTurns: false });
    expect(told(fates)).toEqual(['2 staged 0', '3 staged 0', '2 dropped 1', '3 dropped 1']);
    expect(outcomesOf(reports)).toEqual([
      [2, 'recalled'],
      [3, 'recalled'],
    ]);
    credits.grant(undated(2, 1));
    clock.advanceTo(2 * MS);
    expect(told(fates).slice(4)).toEqual(['2 staged 1']);
  });

  test('are given up when sending stops and when the limits change', () => {
    const { clock, credits, fates } = setUpStaging();
    credits.beginPhase(phase(1));
    credits.grant(undated(0, 3));
    clock.advanceTo(1 * MS);
    credits.beginPhase(phase(2));
    clock.advanceTo(2 * MS);
    expect(told(fates)).toEqual(['1 staged 0', '1 dropped 1', '2 staged 1']);
    credits.stopSending(0);
    expect(told(fates).slice(3)).toEqual(['2 dropped 2']);
  });

  test('are not made while two phases share the slots', () => {
    const { clock, credits, sent, fates } = setUpStaging();
    credits.beginPhase(phase(1));
    credits.grant(undated(0, 1));
    clock.advanceTo(1 * MS);
    credits.beginPhase(phase(1, { phaseIndex: 1 }));
    credits.grant(batch(0, [Number.NaN, Number.NaN], 1));
    clock.advanceTo(2 * MS);
    expect([sent.length, fates]).toEqual([1, []]);
  });
});
