import { createRandomSource } from '@aiperf/dataset';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { userCentricSessions } from './user-centric-schedule.ts';
import type { UserCentricOptions, UserSession } from './user-centric-schedule.ts';

const SEC = 1e9;

/** Every session that starts before `untilSec`. */
function sessionsUntil(untilSec: number, options: Partial<UserCentricOptions> = {}): UserSession[] {
  const sessions = userCentricSessions({
    userCount: 15,
    requestRatePerSec: 1,
    meanTurnCount: 20,
    nextTurnCount: () => 20,
    ...options,
  });
  const result: UserSession[] = [];
  for (;;) {
    const session = sessions.next().value;
    if ((session.turnDuesNs[0] ?? 0) >= untilSec * SEC) return result;
    result.push(session);
  }
}

const duesBefore = (untilSec: number, sessions: readonly UserSession[]): number[] =>
  sessions
    .flatMap(({ turnDuesNs }) => turnDuesNs)
    .filter((dueNs) => dueNs < untilSec * SEC)
    .toSorted((a, b) => a - b);

describe('userCentricSessions', () => {
  test('15 users at 1 request a second: each has a turn every 15 s, one of them every second from the beginning', () => {
    const sessions = sessionsUntil(600);
    expect(duesBefore(600, sessions)).toEqual(Array.from({ length: 600 }, (_, k) => k * SEC));
    for (const { turnDuesNs } of sessions) {
      expect(turnDuesNs.every((dueNs, k) => dueNs === (turnDuesNs[0] ?? 0) + k * 15 * SEC)).toBe(true);
    }
  });

  test('the first is fresh, the others are in the middle of their sessions, at every age', () => {
    const first = sessionsUntil(15);
    expect(first.map(({ userIndex }) => userIndex)).toEqual(Array.from({ length: 15 }, (_, k) => k));
    expect(first[0]?.turnDuesNs).toHaveLength(20);
    const lengths = first.slice(1).map(({ turnDuesNs }) => turnDuesNs.length);
    expect(new Set(lengths).size).toBe(14);
    expect(Math.min(...lengths)).toBeGreaterThanOrEqual(1);
    expect(Math.max(...lengths)).toBeLessThan(20);
  });

  test('a fresh user takes the place at its next turn, on an absolute schedule', () => {
    const sessions = sessionsUntil(2000);
    for (let place = 0; place < 15; place += 1) {
      const dues = sessions.filter(({ userIndex }) => userIndex === place).flatMap(({ turnDuesNs }) => turnDuesNs);
      expect(dues).toEqual(dues.map((_, m) => (place + 15 * m) * SEC));
    }
    // Later ones are whole.
    expect(sessions.slice(15).every(({ turnDuesNs }) => turnDuesNs.length === 20)).toBe(true);
  });

  test.for<[number, number]>([
    [15, 20],
    [20, 20],
    [7, 20],
    [100, 10],
    [12, 8],
    [64, 3],
    [3, 2],
  ])('%i users, %i turns: fresh users come evenly from the beginning', ([userCount, turnCount]) => {
    const untilSec = userCount * turnCount * 3;
    const sessions = sessionsUntil(untilSec, { userCount, meanTurnCount: turnCount, nextTurnCount: () => turnCount });
    const fresh = sessions
      .filter(({ turnDuesNs }) => turnDuesNs.length === turnCount)
      .map(({ turnDuesNs }) => (turnDuesNs[0] ?? 0) / SEC);
    expect(fresh[0]).toBe(0);
    const gaps = fresh.slice(1).map((start, k) => start - (fresh[k] ?? 0));
    expect(Math.max(...gaps)).toBeLessThanOrEqual(turnCount + 2);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(turnCount - 2);
    expect(fresh.length).toBe(userCount * 3);
  });

  test('any users, rate and turn counts: the load is even, sessions start in order, one count is asked for each', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 60 }),
        fc.double({ min: 0.1, max: 1000, noNaN: true }),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(),
        (userCount, requestRatePerSec, turnsMax, seed) => {
          const random = createRandomSource(seed).stream('turns');
          let askedCount = 0;
          const sessions = sessionsUntil((userCount * 10) / requestRatePerSec, {
            userCount,
            requestRatePerSec,
            meanTurnCount: (1 + turnsMax) / 2,
            nextTurnCount: () => {
              askedCount += 1;
              return 1 + random.nextInt(turnsMax);
            },
          });
          expect(askedCount).toBe(sessions.length + 1);
          const starts = sessions.map(({ turnDuesNs }) => turnDuesNs[0] ?? -1);
          expect(starts).toEqual(starts.toSorted((a, b) => a - b));
          const dues = duesBefore((userCount * 10) / requestRatePerSec, sessions);
          expect(dues.every((dueNs, k) => dueNs === Math.round((k * SEC) / requestRatePerSec))).toBe(true);
        },
      ),
      { seed: 4, numRuns: 100 },
    );
  });

  test('a number of requests is a point in time: nobody goes on after it, and all before it take place', () => {
    const requestCount = 100;
    const sessions = sessionsUntil(100, { requestCount });
    expect(duesBefore(1e6, sessions)).toEqual(Array.from({ length: requestCount }, (_, k) => k * SEC));
    // What failures gave back is used up by sessions that begin later.
    const later = sessionsUntil(800, { requestCount }).slice(sessions.length);
    expect(later.length).toBeGreaterThan(0);
    expect(later.every(({ turnDuesNs }) => turnDuesNs.length === 20)).toBe(true);
  });

  test.for<[string, Partial<UserCentricOptions>, string]>([
    ['no users', { userCount: 0 }, '--num-users'],
    ['half a user', { userCount: 0.5 }, '--num-users'],
    ['no rate', { requestRatePerSec: 0 }, '--user-centric-rate'],
    ['a rate that is no number', { requestRatePerSec: Number.NaN }, '--user-centric-rate'],
    ['no turns', { meanTurnCount: 0 }, 'at least 1 turn'],
  ])('refuses %s', ([, options, part]) => {
    expect(() => sessionsUntil(1, options)).toThrow(
      expect.objectContaining({ name: 'TimingError', message: expect.stringContaining(part) }),
    );
  });
});
