import { NO_WORKER } from '../credit-table.ts';
import type { PhaseLedger } from '../phase-ledger.ts';

/** What the tables say of one worker. */
class Found {
  out = 0;
  sessions = 0;
  idle = 0;
}

/** Throws where a ledger breaks one of the rules that its class states. */
export function checkLedger(ledger: PhaseLedger): void {
  const { credits, sessions, counts, requestCount } = ledger;
  const { completed, failed, cancelled, lost, inFlight } = counts;
  const rule = (isKept: boolean, text: string): void => {
    if (!isKept) throw new Error(`the ledger is wrong: ${text}; ${JSON.stringify(counts)}`);
  };
  const equal = (found: number, expected: number, what: string): void => {
    if (found !== expected) rule(false, `${what}: ${found}, expected ${expected}`);
  };
  equal(counts.sent, completed + failed + cancelled + lost + inFlight, 'sent');
  if (requestCount !== null) {
    equal(ledger.requestsLeft + credits.size + completed + failed + cancelled + lost, requestCount, 'requests');
  }

  const foundOf = new Map(ledger.workers.map(({ number }) => [number, new Found()]));
  const outOf = new Map<number, number>();
  for (const credit of credits.rows()) {
    const workerNumber = credits.workers[credit] ?? NO_WORKER;
    if (workerNumber === NO_WORKER) continue;
    const row = credits.sessionRows[credit] ?? -1;
    const found = foundOf.get(workerNumber);
    equal(workerNumber, sessions.workers[row] ?? -1, 'the worker of a credit and of its session');
    rule(found !== undefined, 'a credit is with a worker that is gone');
    if (found !== undefined) found.out += 1;
    outOf.set(row, (outOf.get(row) ?? 0) + 1);
  }

  let turnsLeft = 0;
  let returnedCount = 0;
  for (const row of sessions.rows()) {
    const out = outOf.get(row) ?? 0;
    const found = foundOf.get(sessions.workers[row] ?? NO_WORKER);
    const state = sessions.stateOf(row);
    equal(sessions.outstandingCounts[row] ?? -1, out, 'credits of a session');
    if (sessions.isOver(row)) {
      rule(out > 0, 'a session is over and not forgotten');
      continue;
    }
    turnsLeft += (sessions.turnCounts[row] ?? 0) - (sessions.nextTurnIndexes[row] ?? 0);
    if (found === undefined) {
      returnedCount += 1;
      rule(state === 'unstarted' && out === 0, 'a session with nobody has started');
    } else {
      found.sessions += 1;
      if (out === 0) found.idle += 1;
      rule(out > 0 || state === 'live', `an idle session is ${state}`);
    }
  }
  equal(ledger.turnsLeft, turnsLeft, 'turnsLeft');
  equal(ledger.returnedCount, returnedCount, 'returned');
  rule(ledger.requestsLeft >= 0 && counts.neverSent >= 0, 'requests left and never sent are not below 0');

  for (const worker of ledger.workers) {
    const { out, sessions: sessionCount, idle } = foundOf.get(worker.number) ?? new Found();
    equal(worker.outstandingCount, out, 'out with a worker');
    equal(worker.sessionCount, sessionCount, 'sessions of a worker');
    equal(worker.idleSessionCount, idle, 'idle sessions of a worker');
    const { unsentCount, waitingSessionCount, sessionsInFlight, aheadCount, slots } = worker;
    const least = Math.min(unsentCount, worker.inFlightCount, waitingSessionCount, sessionsInFlight, aheadCount);
    rule(least >= 0, 'a count of a worker is below 0');
    rule(slots === null || sessionsInFlight <= slots, 'a worker has more sessions in flight than slots');
  }
}
