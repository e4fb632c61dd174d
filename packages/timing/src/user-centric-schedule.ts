import { TimingError } from './timing-error.ts';

/** Users that take their turns on time. */
export interface UserCentricOptions {
  readonly userCount: number;
  /** Turns a second over all users; each user has one every `userCount / requestRatePerSec` seconds. */
  readonly requestRatePerSec: number;
  /** Turns of a conversation on average; what virtual ages are measured in. */
  readonly meanTurnCount: number;
  /** Turns of the whole load, after which no session that began before them goes on. Absent: unlimited. */
  readonly requestCount?: number;
  /** Turns of the next session's conversation; asked once a session, in the order of the sessions. */
  readonly nextTurnCount: () => number;
}

/** One user from its first turn to its last. */
export interface UserSession {
  /** Place of the user among those that are there at one time: 0 … `userCount` - 1. */
  readonly userIndex: number;
  /** Due times of the turns that are sent, in integer nanoseconds since the phase began. */
  readonly turnDuesNs: readonly number[];
}

/**
 * Sessions in the order in which they start, without an end.
 *
 * Place i has a turn at (i + m * users) / rate for every m >= 0, whoever sits there, so the load is even from the first second on. A user
 * who has had all turns is followed by a fresh one at the place's next turn, whether or not the last answer is there by then. At the
 * beginning the users are as old as they would be had the load been running for long: all but the first have the last part of a
 * session left, of lengths that let the fresh users come evenly, one every `meanTurnCount` turns. Such a user sends the first turns
 * of its conversation, only fewer of them.
 */
export function userCentricSessions(options: UserCentricOptions): Iterator<UserSession, never> {
  const { userCount, requestRatePerSec, meanTurnCount } = options;
  if (!Number.isSafeInteger(userCount) || userCount < 1) {
    throw new TimingError('AIPERF_TIMING_PLAN', `--num-users must be a whole number of at least 1, not ${userCount}`);
  }
  if (!(requestRatePerSec > 0) || !Number.isFinite(requestRatePerSec)) {
    throw new TimingError(
      'AIPERF_TIMING_RATE',
      `--user-centric-rate must be a number of requests per second above 0, not ${requestRatePerSec}`,
    );
  }
  if (!(meanTurnCount >= 1) || !Number.isFinite(meanTurnCount)) {
    throw new TimingError('AIPERF_TIMING_PLAN', `users need conversations of at least 1 turn, not ${meanTurnCount}`);
  }
  return sessions(options);
}

function* sessions(options: UserCentricOptions): Generator<UserSession, never> {
  const {
    userCount,
    requestRatePerSec,
    meanTurnCount,
    nextTurnCount,
    requestCount = Number.POSITIVE_INFINITY,
  } = options;
  const remaining = remainingShares(userCount, Math.max(1, Math.round(meanTurnCount)));
  /** Number of the turn, over all places, at which a place is free again. */
  const freeAt = Array.from({ length: userCount }, (_, place) => place);
  for (let turn = 0; ; turn += 1) {
    const userIndex = turn % userCount;
    if ((freeAt[userIndex] ?? 0) > turn) continue;
    const wholeCount = nextTurnCount();
    const share = turn < userCount ? (remaining[userIndex] ?? 1) : 1;
    const turnCount = Math.max(1, Math.round(wholeCount * share));
    freeAt[userIndex] = turn + turnCount * userCount;
    // By time, not by session: users who are there early would else take up the turns of those who come after them.
    const turnsLeft = turn < requestCount ? Math.ceil((requestCount - turn) / userCount) : turnCount;
    yield {
      userIndex,
      turnDuesNs: Array.from({ length: Math.min(turnCount, turnsLeft) }, (_, k) =>
        Math.round(((turn + k * userCount) * 1e9) / requestRatePerSec),
      ),
    };
  }
}

/**
 * Part of a session that the user of each place has left at the beginning; 1: a fresh user. Fresh users should come at turns 0, T, 2T, …
 * of the whole load. Turn n belongs to place n mod users, so where T and the number of users have a common divisor g these meet the same
 * places again and again; moved by another number of turns below g after every users / g steps, they meet every place once.
 */
function remainingShares(userCount: number, turnCount: number): number[] {
  const divisor = greatestCommonDivisor(userCount, turnCount);
  const period = userCount / divisor;
  const shares = Array.from({ length: userCount }, () => 1);
  for (let j = 0; j < userCount; j += 1) {
    const freshAt = j * turnCount + outAndBack(Math.floor(j / period), divisor);
    const turnsBefore = Math.floor(freshAt / userCount);
    if (turnsBefore > 0) shares[freshAt % userCount] = turnsBefore / turnCount;
  }
  return shares;
}

/** Entry `index` of 0, 2, 4, …, 5, 3, 1: the numbers below `count` in a circle in which neighbours differ by at most 2. */
function outAndBack(index: number, count: number): number {
  return 2 * index < count ? 2 * index : 2 * (count - index) - 1;
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
