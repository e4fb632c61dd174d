import { createRandomSource } from '@aiperf/dataset';
import type { RandomSource } from '@aiperf/dataset';
import type { Credit, CreditOutcome, CreditReturnBatch } from '../credit.ts';
import {
  decodeCreditBatch,
  decodeCreditReturnBatch,
  encodeCreditBatch,
  encodeCreditReturnBatch,
} from '../credit-codec.ts';
import type { PhaseCounts, SessionCounts } from '../messages.ts';
import { LoadRun } from '../phase/load-run.ts';
import type { PhasePlan } from '../phase/phase-plan.ts';
import type { ConversationTimes } from '../sessions/session-source.ts';
import type { StagedRequest } from '../worker/staged-requests.ts';
import { WorkerCredits } from '../worker/worker-credits.ts';
import { checkLedger } from './check-ledger.ts';
import { VirtualClock } from '../virtual-clock.ts';

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

/** One request as the server saw it. */
export interface SimulatedSend {
  readonly worker: number;
  readonly credit: Credit;
  readonly atNs: number;
  readonly turnaroundNs: number;
  /** When it ended; NaN while it has not, and for ever where its worker died. */
  endNs: number;
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

/** What is running at the simulated server, and how much of it there was at most. */
class Server {
  readonly clock: VirtualClock = new VirtualClock();
  readonly sends: SimulatedSend[] = [];
  sentCount = 0;
  inFlight = 0;
  mostInFlight = 0;
  prefilling = 0;
  mostPrefilling = 0;

  noteLoad(): void {
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    this.mostPrefilling = Math.max(this.mostPrefilling, this.prefilling);
  }
}

interface RunningRequest {
  readonly send: SimulatedSend;
  isPrefilling: boolean;
  stopTimers(): void;
}

/** A worker with the real queue of credits. */
class SimulatedWorker {
  readonly id: string;
  readonly credits: WorkerCredits;
  readonly #index: number;
  readonly #options: SimulatedLoadOptions;
  readonly #server: Server;
  readonly #running = new Map<string, RunningRequest>();
  isAlive: boolean = true;
  /** Requests made ahead of time that were neither sent nor given up. */
  readonly #staged = new Set<string>();

  constructor(index: number, options: SimulatedLoadOptions, server: Server, report: (bytes: Uint8Array) => void) {
    const { clock } = server;
    this.id = `worker_${index}`;
    this.#index = index;
    this.#options = options;
    this.#server = server;
    this.credits = new WorkerCredits({
      clock,
      timers: clock,
      pacer: clock.createPacer(),
      send: (credit, turnaroundNs) => this.#send(credit, turnaroundNs),
      // Every other worker, so that both ways of sending are played.
      ...(index % 2 === 0 ? { stage: (credit) => this.#stage(credit) } : {}),
    });
    this.credits.onReturnsDue = () => {
      for (const batch of this.credits.takeReturns()) {
        if (options.muteWorkers?.includes(index) !== true) report(encodeCreditReturnBatch(batch));
      }
    };
  }

  /** As `cc` does. */
  cancel(phaseIndex: number): void {
    this.credits.stopSending(phaseIndex);
    for (const { send } of this.#running.values())
      if (send.credit.phaseIndex === phaseIndex) this.#end(send, 'cancelled');
  }

  leave(): void {
    if (this.isAlive) for (const { phaseIndex } of this.#options.phases) this.credits.stopSending(phaseIndex);
  }

  die(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.credits.close();
    for (const request of this.#running.values()) {
      request.stopTimers();
      if (request.isPrefilling) this.#server.prefilling -= 1;
    }
    this.#server.inFlight -= this.#running.size;
    this.#running.clear();
  }

  #stage(credit: Credit): StagedRequest {
    const key = `${credit.phaseIndex}/${credit.id}`;
    if (this.#staged.has(key)) throw new Error(`credit ${key} is staged twice`);
    this.#staged.add(key);
    const take = (): void => {
      if (!this.#staged.delete(key)) throw new Error(`staged credit ${key} is sent or dropped twice`);
    };
    return {
      fire: (turnaroundNs) => {
        take();
        this.#send(credit, turnaroundNs);
      },
      drop: take,
    };
  }

  #send(credit: Credit, turnaroundNs: number): void {
    const server = this.#server;
    const { clock } = server;
    const n = server.sentCount;
    server.sentCount += 1;
    const send: SimulatedSend = { worker: this.#index, credit, atNs: clock.now(), turnaroundNs, endNs: Number.NaN };
    const serviceNs = this.#options.serviceNs(n, credit);
    const outcome = this.#options.outcome?.(n, credit) ?? 'completed';
    const firstTokenNs = Math.min(serviceNs, this.#options.firstTokenNs?.(n, credit) ?? serviceNs);
    server.sends.push(send);
    const stopFirst = clock.startTimer(firstTokenNs / 1e6, () => {
      this.#endPrefill(request);
      this.credits.firstTokenArrived(credit.id, credit.phaseIndex);
    });
    const stopEnd = clock.startTimer(serviceNs / 1e6, () => this.#end(send, outcome));
    const request: RunningRequest = {
      send,
      isPrefilling: true,
      stopTimers() {
        stopFirst();
        stopEnd();
      },
    };
    this.#running.set(creditKey(credit), request);
    server.inFlight += 1;
    server.prefilling += 1;
    server.noteLoad();
  }

  #endPrefill(request: RunningRequest): void {
    if (request.isPrefilling) this.#server.prefilling -= 1;
    request.isPrefilling = false;
  }

  #end(send: SimulatedSend, outcome: CreditOutcome): void {
    const { credit } = send;
    const request = this.#running.get(creditKey(credit));
    if (request === undefined) return;
    this.#running.delete(creditKey(credit));
    request.stopTimers();
    this.#endPrefill(request);
    send.endNs = this.#server.clock.now();
    this.#server.inFlight -= 1;
    this.credits.requestEnded(credit.id, outcome, credit.phaseIndex);
  }
}

const creditKey = ({ phaseIndex, id }: Credit): string => `${phaseIndex}:${id}`;

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
  const server = new Server();
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
