import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CreditOutcome } from './credit.ts';
import { CreditIssuer } from './credit-issuer.ts';
import { ClosedLoopSessions } from './sessions/closed-loop-sessions.ts';
import { nextSessionState } from './session-table.ts';
import { checkLedger } from './testing/check-ledger.test.support.ts';
import { HeldPhase } from './worker/held-phase.ts';

const WORKER_COUNT = 3;
const SLOTS = 3;
const STEP_NS = 1_000_000;

interface Setting {
  readonly turnCounts: readonly number[];
  readonly requestCount: number | null;
  readonly sessionCount: number | null;
}

/** A worker that does what real ones do, when it is told to. */
class Worker {
  readonly held: HeldPhase = new HeldPhase({
    phaseIndex: 0,
    kind: 'profiling',
    slots: SLOTS,
    prefillSlots: null,
    stopSendingAtNs: null,
  });
  readonly inFlight: number[] = [];
  isAlive = true;
}

/** A phase whose every step is chosen from outside. Its ledger is checked after each. */
class Play {
  readonly workers: readonly Worker[] = Array.from({ length: WORKER_COUNT }, () => new Worker());
  readonly issuer: CreditIssuer;
  readonly sentIds: number[] = [];
  #nowNs = 0;

  constructor({ turnCounts, requestCount, sessionCount }: Setting) {
    let next = -1;
    const times = {
      conversationCount: turnCounts.length,
      turnCount: (index: number) => turnCounts[index] ?? 1,
      turnTiming: () => ({ delayNs: 0, timestampNs: Number.NaN }),
    };
    this.issuer = new CreditIssuer({
      phaseIndex: 0,
      workerIds: this.workers.map((_, index) => `worker_${index}`),
      stopConditions: { requestCount, sessionCount, stopSendingAtNs: null },
      source: new ClosedLoopSessions(times, () => {
        next += 1;
        return next % turnCounts.length;
      }),
      nextCancelAfterNs: () => Number.NaN,
      grant: (id, batch) => this.#worker(id).held.add(batch),
      recall: (id, laterTurns) => this.#worker(id).held.recall(laterTurns),
    });
    for (const worker of this.issuer.ledger.workers) worker.slots = SLOTS;
  }

  step(act: (nowNs: number) => void): void {
    this.#nowNs += STEP_NS;
    act(this.#nowNs);
    this.issuer.flush(this.#nowNs);
    checkLedger(this.issuer.ledger);
  }

  send(worker: Worker): void {
    const taken = worker.isAlive ? worker.held.take(this.#nowNs) : undefined;
    if (taken === undefined) return;
    this.sentIds.push(taken.credit.id);
    worker.inFlight.push(taken.credit.id);
  }

  end(worker: Worker, position: number, outcome: CreditOutcome): void {
    const [id] = worker.inFlight.splice(position % Math.max(1, worker.inFlight.length), 1);
    if (id !== undefined) worker.held.end(id, outcome, this.#nowNs);
  }

  report(worker: Worker): void {
    const id = `worker_${this.workers.indexOf(worker)}`;
    if (worker.isAlive) expect(this.issuer.takeBack(id, worker.held.takeReturns(), this.#nowNs)).toBe(0);
  }

  lose(worker: Worker): void {
    if (!worker.isAlive) return;
    worker.isAlive = false;
    worker.inFlight.length = 0;
    this.issuer.loseWorker(`worker_${this.workers.indexOf(worker)}`, this.#nowNs);
  }

  /** Ends as a phase does: nothing more is granted, what is in flight ends, everything comes back. */
  finish(): void {
    this.step((nowNs) => this.issuer.close(nowNs));
    for (const worker of this.workers) {
      this.step(() => worker.held.close());
      while (worker.inFlight.length > 0) this.step(() => this.end(worker, 0, 'completed'));
      this.step(() => this.report(worker));
    }
  }

  #worker(id: string): Worker {
    const worker = this.workers[Number(id.replace('worker_', ''))];
    if (worker === undefined) throw new Error(`no ${id}`);
    return worker;
  }
}

type Act = (play: Play, nowNs: number) => void;

const position = fc.nat({ max: WORKER_COUNT - 1 });
const outcome = fc.constantFrom<CreditOutcome>('completed', 'completed', 'completed', 'failed', 'cancelled');
const onWorker = (act: (play: Play, worker: Worker) => void): fc.Arbitrary<Act> =>
  position.map((index) => (play) => {
    const worker = play.workers[index];
    if (worker !== undefined) act(play, worker);
  });

/** As a strategy may: only to workers that send, only what there is. */
const grantSession: fc.Arbitrary<Act> = fc
  .tuple(position, fc.nat({ max: 3 }))
  .map(([index, turnsAhead]) => (play, nowNs) => {
    const worker = play.issuer.ledger.openWorkers.find(({ number }) => number === index);
    if (worker !== undefined) play.issuer.grantSession(worker, nowNs, turnsAhead);
  });
const grantIdle: fc.Arbitrary<Act> = fc.nat({ max: 2 }).map((turnsAhead) => (play, nowNs) => {
  if (play.issuer.ledger.requestsLeft > 0) play.issuer.grantIdleSession(nowNs, turnsAhead);
});
const grantAhead: fc.Arbitrary<Act> = fc.nat({ max: 2 }).map((turnsAhead) => (play) => {
  for (const row of play.issuer.takeLow()) play.issuer.grantAhead(row, turnsAhead);
});
const send = onWorker((play, worker) => play.send(worker));
const report = onWorker((play, worker) => play.report(worker));
const end: fc.Arbitrary<Act> = fc.tuple(position, fc.nat({ max: 9 }), outcome).map(([index, which, how]) => (play) => {
  const worker = play.workers[index];
  if (worker !== undefined) play.end(worker, which, how);
});
const recall: fc.Arbitrary<Act> = fc.tuple(position, fc.boolean()).map(([index, laterTurns]) => (play) => {
  const worker = play.issuer.ledger.workers.find(({ number }) => number === index);
  if (worker !== undefined) play.issuer.recall(worker, laterTurns);
});
const dissolve: fc.Arbitrary<Act> = fc.constant((play) => {
  if (play.issuer.ledger.requestsLeft === 0) play.issuer.ledger.dissolveReturned();
});
const stop = onWorker((_, worker) => worker.held.close());
const lose = onWorker((play, worker) => play.lose(worker));
const close: fc.Arbitrary<Act> = fc.constant((play, nowNs) => play.issuer.close(nowNs));

const acts = fc.array(
  fc.oneof(
    { arbitrary: grantSession, weight: 8 },
    { arbitrary: grantIdle, weight: 5 },
    { arbitrary: grantAhead, weight: 3 },
    { arbitrary: send, weight: 16 },
    { arbitrary: end, weight: 14 },
    { arbitrary: report, weight: 10 },
    { arbitrary: recall, weight: 3 },
    { arbitrary: dissolve, weight: 2 },
    { arbitrary: stop, weight: 1 },
    { arbitrary: lose, weight: 1 },
    { arbitrary: close, weight: 1 },
  ),
  { maxLength: 160, size: 'max' },
);

const settings: fc.Arbitrary<Setting> = fc.record({
  turnCounts: fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 }),
  requestCount: fc.option(fc.integer({ min: 1, max: 60 })),
  sessionCount: fc.option(fc.integer({ min: 1, max: 30 })),
});

describe('PhaseLedger', () => {
  test('keeps its rules whatever is granted, sent, returned, recalled or lost, in any order', () => {
    fc.assert(
      fc.property(settings, acts, (setting, steps) => {
        const play = new Play(setting);
        for (const act of steps) play.step((nowNs) => act(play, nowNs));
        play.finish();

        const { ledger } = play.issuer;
        const { sent, inFlight, sessions, sessionsInFlight, completed, failed, cancelled, lost } = ledger.counts;
        expect({ inFlight, sessionsInFlight, out: ledger.outstandingCount, kept: ledger.credits.size }).toEqual({
          inFlight: 0,
          sessionsInFlight: 0,
          out: 0,
          kept: 0,
        });
        expect(ledger.sessions.size).toBe(0);
        expect(new Set(play.sentIds).size).toBe(play.sentIds.length);
        expect(completed + failed + cancelled).toBeLessThanOrEqual(play.sentIds.length);
        expect(play.sentIds.length).toBeLessThanOrEqual(sent);
        if (lost === 0) expect(sent).toBe(play.sentIds.length);
        if (setting.requestCount !== null) expect(sent).toBeLessThanOrEqual(setting.requestCount);
        if (setting.sessionCount !== null) expect(sessions).toBeLessThanOrEqual(setting.sessionCount);
      }),
      { numRuns: 400 },
    );
  });

  test('what is out when nobody answers any more counts as lost', () => {
    fc.assert(
      fc.property(settings, acts, (setting, steps) => {
        const play = new Play(setting);
        for (const act of steps) play.step((nowNs) => act(play, nowNs));
        play.step((nowNs) => play.issuer.close(nowNs));
        const { outstandingCount } = play.issuer.ledger;
        let lostCount = 0;
        play.step((nowNs) => {
          lostCount = play.issuer.loseOutstanding(nowNs);
        });
        expect(lostCount).toBeLessThanOrEqual(outstandingCount);
        expect(play.issuer.ledger.outstandingCount).toBe(0);
        expect(play.issuer.ledger.counts).toMatchObject({ inFlight: 0, sessionsInFlight: 0 });
        expect(play.issuer.ledger.credits.size).toBe(0);
      }),
    );
  });

  test('a session whose turn failed stays broken whatever comes back of it', () => {
    const broken = nextSessionState('live', 'failed');
    expect(nextSessionState(broken, 'laterUnsent')).toBe('broken');
    expect(nextSessionState(broken, 'ended')).toBe('broken');
    expect(nextSessionState(nextSessionState('live', 'laterUnsent'), 'ended')).toBe('over');
  });
});
