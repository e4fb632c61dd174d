import { createRandomSource } from '@aiperf/dataset';
import type { RandomSource } from '@aiperf/dataset';
import type { Credit, CreditOutcome, CreditReturnBatch } from '../credit.ts';
import { decodeCreditBatch, decodeCreditReturnBatch, encodeCreditBatch } from '../credit-codec.ts';
import type { PhaseCounts, SessionCounts } from '../messages.ts';
import { LoadRun } from '../phase/load-run.ts';
import type { PhasePlan } from '../phase/phase-plan.ts';
import type { ConversationTimes } from '../sessions/session-source.ts';
import { checkLedger } from './check-ledger.test.support.ts';
import { SimulatedServer, SimulatedWorker } from './simulated-worker.test.support.ts';
import type { SimulatedSend } from './simulated-worker.test.support.ts';

/** The phases of a run against workers and a server that exist in virtual time only. */
export interface SimulatedLoadOptions {
  readonly phases: readonly PhasePlan[];
  readonly workerCount: number;
  /** How long the server takes for the n-th request that reaches it. */
  readonly serviceNs: (n: number, credit: Credit) => number;
  /** How long it takes for the first token; default: as long as for everything. */
  readonly firstTokenNs?: (n: number, credit: Credit) => number;
  readonly outcome?: (n: number, credit: Credit) => CreditOutcome;
  /** Default: conversations of one turn without times. */
  readonly times?: ConversationTimes;
  /** Default: 0, 1, 2, … round and round. */
  readonly nextConversationIndex?: () => number;
  /** Default: that of seed 0. */
  readonly random?: RandomSource;
  /** One way between timing manager and worker; default 200 µs. */
  readonly hopNs?: number;
  /** Workers that die, by position. */
  readonly losses?: readonly { readonly worker: number; readonly atNs: number }[];
  readonly cancelAtNs?: number;
  /** Workers that stop sending by themselves, by position. */
  readonly leavings?: readonly { readonly worker: number; readonly atNs: number }[];
  /** Workers that never report anything. */
  readonly muteWorkers?: readonly number[];
  /** How much virtual time passes at most; default 1,000 s. */
  readonly limitNs?: number;
}

/** What happened in one phase. */
export interface SimulatedPhase {
  readonly startNs: number;
  readonly endNs: number;
  readonly endedEarly: boolean;
  readonly counts: PhaseCounts & SessionCounts;
  readonly sendingComplete: { readonly sentCount: number; readonly sentEndNs: number };
}

/** What happened. */
export interface SimulatedLoadResult {
  readonly sends: readonly SimulatedSend[];
  /** Requests, sessions and requests without a first token in flight at most, over all workers that were alive. */
  readonly mostInFlight: number;
  readonly mostSessions: number;
  readonly mostPrefilling: number;
  /** Every return message that reached the timing manager. */
  readonly returns: readonly CreditReturnBatch[];
  readonly grantMessageCount: number;
  /** Phases that were completed, in the order in which they were. */
  readonly phases: readonly SimulatedPhase[];
  /** Counts that were told while a phase was live. */
  readonly progress: readonly (PhaseCounts & SessionCounts)[];
  /** Of the last phase that was completed. */
  readonly counts: (PhaseCounts & SessionCounts) | undefined;
  readonly startNs: number;
  readonly endNs: number;
  /** The run ended, early or not; `undefined`: it did not. */
  readonly endedEarly: boolean | undefined;
  readonly warnings: readonly string[];
  /** Timers left when everything was over. */
  readonly pendingTimerCount: number;
}

/** Conversations of one turn each. */
export const SINGLE_TURNS: ConversationTimes = {
  conversationCount: 1_000_000,
  turnCount: () => 1,
  turnTiming: () => ({ delayNs: Number.NaN, timestampNs: Number.NaN }),
};

/** From the first request of a session to the end of the last one that was sent. A session whose worker died was over then. */
function mostSessionsOf(sends: readonly SimulatedSend[], losses: SimulatedLoadOptions['losses'] = []): number {
  const spans = new Map<string, { beginNs: number; endNs: number }>();
  for (const { credit, worker, atNs, endNs } of sends) {
    const key = `${credit.phaseIndex}:${credit.sessionNumber}`;
    const diedNs = Math.min(...losses.filter((loss) => loss.worker === worker).map((loss) => loss.atNs));
    const overNs = Number.isNaN(endNs) ? diedNs : endNs;
    const span = spans.get(key);
    if (span === undefined) spans.set(key, { beginNs: atNs, endNs: overNs });
    else span.endNs = overNs;
  }
  const changes = [...spans.values()].flatMap(({ beginNs, endNs }) => [
    { atNs: beginNs, change: 1 },
    { atNs: endNs, change: -1 },
  ]);
  let count = 0;
  let most = 0;
  for (const { change } of changes.sort((a, b) => a.atNs - b.atNs || a.change - b.change)) {
    count += change;
    most = Math.max(most, count);
  }
  return most;
}

/** Runs the phases to their end, or to `limitNs` of virtual time. */
export function simulateLoad(options: SimulatedLoadOptions): SimulatedLoadResult {
  const { workerCount } = options;
  const hopMs = (options.hopNs ?? 200_000) / 1e6;
  const server = new SimulatedServer();
  const { clock } = server;
  const returns: CreditReturnBatch[] = [];
  const warnings: string[] = [];
  const phases: SimulatedPhase[] = [];
  const progress: (PhaseCounts & SessionCounts)[] = [];
  let grantMessageCount = 0;
  /** Messages that left or reached the timing manager: its ledgers change with these only. */
  let messageCount = 0;
  let checkedCount = 0;
  let firstStartNs = Number.NaN;
  let endedEarly: boolean | undefined;
  const times = options.times ?? SINGLE_TURNS;
  const workers = Array.from({ length: workerCount }, (_, index) => {
    const worker = new SimulatedWorker(index, options, server, (bytes) => {
      clock.startTimer(hopMs, () => {
        const received = decodeCreditReturnBatch(bytes);
        returns.push(received);
        messageCount += 1;
        run.takeBack(worker.id, received);
      });
    });
    return worker;
  });
  const lostIds = new Set<string>();
  const deliver = (id: string, action: (worker: SimulatedWorker) => void): void => {
    const worker = workers.find((candidate) => candidate.id === id);
    if (worker === undefined) throw new Error(`no ${id}`);
    messageCount += 1;
    clock.startTimer(hopMs, () => {
      if (worker.isAlive) action(worker);
    });
  };
  const run = new LoadRun({
    phases: options.phases,
    clock,
    timers: clock,
    workers: () =>
      workers.filter(({ id }) => !lostIds.has(id)).map(({ id }) => ({ id, slotsMax: Number.POSITIVE_INFINITY })),
    port: {
      beginPhase: (id, start) => deliver(id, ({ credits }) => credits.beginPhase(start)),
      grant(id, batch) {
        grantMessageCount += 1;
        const bytes = encodeCreditBatch(batch);
        deliver(id, ({ credits }) => credits.grant(decodeCreditBatch(bytes)));
      },
      recall: (id, recall) => deliver(id, ({ credits }) => credits.recall(recall)),
      stopSending: (id, phaseIndex) => deliver(id, ({ credits }) => credits.stopSending(phaseIndex)),
      cancel: (id, phaseIndex) => deliver(id, (worker) => worker.cancel(phaseIndex)),
    },
    inputs: {
      times,
      random: options.random ?? createRandomSource(0),
      nextConversationIndex: options.nextConversationIndex ?? roundRobin(times.conversationCount),
    },
    stallLimitNs: 60e9,
    events: () => {
      let startNs = Number.NaN;
      let sendingComplete = { sentCount: Number.NaN, sentEndNs: Number.NaN };
      return {
        started: (ns) => {
          startNs = ns;
          if (Number.isNaN(firstStartNs)) firstStartNs = ns;
        },
        progressed: (counts) => progress.push(counts),
        sendingCompleted: (sentCount, sentEndNs) => {
          sendingComplete = { sentCount, sentEndNs };
        },
        completed: (counts, endNs, early) => {
          phases.push({ startNs, endNs, endedEarly: early, counts, sendingComplete });
        },
        warned: (message) => warnings.push(message),
      };
    },
    ended: (early) => {
      if (endedEarly !== undefined) throw new Error('the run ended twice');
      endedEarly = early;
    },
  });

  run.begin();
  for (const { worker, atNs } of options.losses ?? []) {
    clock.startTimer(atNs / 1e6, () => {
      workers[worker]?.die();
      clock.startTimer(hopMs, () => {
        lostIds.add(`worker_${worker}`);
        messageCount += 1;
        run.loseWorker(`worker_${worker}`);
      });
    });
  }
  for (const { worker, atNs } of options.leavings ?? []) clock.startTimer(atNs / 1e6, () => workers[worker]?.leave());
  if (options.cancelAtNs !== undefined) clock.startTimer(options.cancelAtNs / 1e6, () => run.cancel());
  clock.runUntilIdle(options.limitNs ?? 1e12, () => {
    if (messageCount === checkedCount) return;
    checkedCount = messageCount;
    for (const ledger of run.ledgers) checkLedger(ledger);
  });
  run.dispose();
  for (const { credits } of workers) credits.close();
  const last = phases.at(-1);
  return {
    sends: server.sends,
    mostInFlight: server.mostInFlight,
    mostSessions: mostSessionsOf(server.sends, options.losses),
    mostPrefilling: server.mostPrefilling,
    returns,
    grantMessageCount,
    phases,
    progress,
    counts: last?.counts,
    startNs: firstStartNs,
    endNs: last?.endNs ?? Number.NaN,
    endedEarly,
    warnings,
    pendingTimerCount: clock.pendingTimerCount,
  };
}

function roundRobin(count: number): () => number {
  let next = 0;
  return () => {
    next += 1;
    return (next - 1) % count;
  };
}
