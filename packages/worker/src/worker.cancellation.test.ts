import { expect, test } from 'vitest';
import { begin, createRig, grant, MS, type Ending } from './worker-rig.test.support.ts';

const message = (seconds: string): string => `Request cancelled ${seconds}s after being sent`;

test('a request is cancelled its time after it was completely written', () => {
  const rig = createRig(() => ({ sentMs: 3, endMs: 100 }));
  begin(rig, 1);
  grant(rig, [0], { cancelAfterNs: 10 * MS });
  rig.clock.runUntilIdle(1000 * MS);
  expect(rig.clock.now()).toBeGreaterThanOrEqual(13 * MS);
  expect(rig.records).toMatchObject([
    {
      cancelled: true,
      error: { code: 'cancelled', httpStatus: 499, type: 'RequestCancellationError', message: message('0.010') },
    },
  ]);
  const [exchange] = rig.transport.exchanges;
  expect(exchange?.timeline).toMatchObject({ startNs: 1000, sendEndNs: 3 * MS, endNs: 13 * MS });
  expect(rig.outcomes()).toEqual(['cancelled']);
  expect([rig.worker.completedCount, rig.worker.failedCount]).toEqual([0, 0]);
});

test('without delay it is cancelled at once, after it was written', () => {
  const rig = createRig(() => ({ endMs: 100 }));
  begin(rig, 1);
  grant(rig, [0], { cancelAfterNs: 0 });
  rig.clock.runUntilIdle(1000 * MS);
  const [exchange] = rig.transport.exchanges;
  expect(exchange?.timeline.endNs).toBe(exchange?.timeline.sendEndNs);
  expect(rig.records).toMatchObject([{ cancelled: true, error: { message: message('0.000') } }]);
});

test.for<[what: string, ending: Ending]>([
  ['ends earlier', { endMs: 5 }],
  ['ends before its sending is known', { sentMs: null, endMs: 5 }],
])('a request that %s is left alone', ([, ending]) => {
  const rig = createRig(() => ending);
  begin(rig, 1);
  grant(rig, [0], { cancelAfterNs: 10 * MS });
  rig.clock.runUntilIdle(1000 * MS);
  expect(rig.records).toMatchObject([{ cancelled: false, error: undefined }]);
  expect(rig.outcomes()).toEqual(['completed']);
  expect(rig.clock.pendingTimerCount).toBe(0);
});

test('the timer of a request that has ended does not reach the next one on the same exchange', () => {
  const rig = createRig((n) => ({ endMs: n === 0 ? 5 : 100 }));
  begin(rig, 1);
  grant(rig, [0], { cancelAfterNs: 10 * MS });
  grant(rig, [1, 2]);
  rig.clock.runUntilIdle(1000 * MS);
  expect(rig.records.map(({ cancelled }) => cancelled)).toEqual([false, false, false]);
  expect(rig.transport.exchanges.size).toBeLessThan(3);
});

test('a request that is written a second time has its time from then on', () => {
  const rig = createRig(() => ({ endMs: 100 }));
  begin(rig, 1);
  grant(rig, [0], { cancelAfterNs: 10 * MS });
  rig.clock.advanceTo(5 * MS);
  const [exchange] = rig.transport.exchanges;
  if (exchange === undefined) throw new Error('nothing was sent');
  exchange.timeline.sendEndNs = Number.NaN;
  rig.clock.advanceTo(20 * MS);
  expect(rig.worker.inFlightCount).toBe(1);
  rig.transport.tellSent(exchange);
  rig.clock.runUntilIdle(1000 * MS);
  expect(exchange.timeline.endNs).toBe(30 * MS);
});

test('the end of the run still cancels a request whose own time has not come, with its own words', () => {
  const rig = createRig(() => ({ endMs: 100 }));
  begin(rig, 1);
  grant(rig, [0], { cancelAfterNs: 50 * MS });
  rig.clock.advanceTo(20 * MS);
  rig.worker.cancelInFlight();
  rig.clock.runUntilIdle(1000 * MS);
  expect(rig.records).toMatchObject([{ cancelled: true, error: { message: 'cancelled' } }]);
  expect(rig.clock.pendingTimerCount).toBe(0);
});
