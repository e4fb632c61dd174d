import { describe, expect, test } from 'vitest';
import { begin, createRig, grant, MS } from './worker-rig.test.support.ts';

describe('requests staged before their due time', () => {
  test('are sent at it, with all that belongs to them, and counted in flight from then on', () => {
    const rig = createRig();
    begin(rig, null);
    grant(rig, [1], { dueNs: 10 * MS, cancelAfterNs: 1000 * MS });
    rig.clock.advanceTo(9 * MS);
    expect([rig.transport.stagedCount, rig.transport.sent.length, rig.worker.inFlightCount]).toEqual([1, 0, 0]);
    rig.clock.advanceTo(11 * MS);
    expect([rig.transport.stagedCount, rig.worker.inFlightCount]).toEqual([0, 1]);
    expect(rig.transport.sent).toMatchObject([{ atMs: 10, urlIndex: 1, body: 'conversation 1, turn 0' }]);
    rig.clock.advanceTo(50 * MS);
    rig.worker.flushRecords();
    expect(rig.records).toMatchObject([{ creditId: 1, dueNs: 10 * MS, turnaroundNs: Number.NaN, inputTokens: 11 }]);
    expect(rig.outcomes()).toEqual(['completed']);
    expect(rig.worker.inFlightCount).toBe(0);
  });

  test('are given up when sending stops; what they were made of is used again', async () => {
    const rig = createRig();
    begin(rig, null);
    grant(rig, [1, 2], { dueNs: 10 * MS });
    rig.clock.advanceTo(9 * MS);
    rig.worker.stopSending(0);
    await rig.worker.whenIdle();
    rig.clock.advanceTo(50 * MS);
    expect([rig.transport.stagedCount, rig.transport.droppedCount, rig.transport.sent.length]).toEqual([0, 2, 0]);
    expect(rig.outcomes()).toEqual(['unsent', 'unsent']);
    begin(rig, null, 1);
    grant(rig, [3, 4], { phaseIndex: 1, dueNs: 60 * MS });
    rig.clock.advanceTo(90 * MS);
    rig.worker.flushRecords();
    expect(rig.records).toMatchObject([
      { creditId: 3, phaseIndex: 1 },
      { creditId: 4, phaseIndex: 1 },
    ]);
    expect(rig.transport.exchanges.size).toBe(2);
  });

  test('are sent the usual way where the transport cannot stage them', () => {
    const rig = createRig();
    rig.transport.refusesToStage = true;
    begin(rig, null);
    grant(rig, [1], { dueNs: 10 * MS });
    rig.clock.advanceTo(50 * MS);
    expect(rig.transport.sent).toMatchObject([{ atMs: 10 }]);
    expect(rig.outcomes()).toEqual(['completed']);
  });

  test('a conversation that cannot be read is told once, when its request is due', () => {
    const rig = createRig();
    begin(rig, null);
    grant(rig, [9999], { dueNs: 10 * MS });
    rig.clock.advanceTo(9 * MS);
    expect(rig.failures).toEqual([]);
    rig.clock.advanceTo(50 * MS);
    expect(rig.failures).toEqual([new Error('no such conversation')]);
    expect([rig.transport.sent.length, rig.transport.stagedCount]).toEqual([0, 0]);
  });
});
