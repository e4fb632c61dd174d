import type { RandomStream } from '@aiperf/dataset';
import type { Credit, CreditOutcome, CreditReturnBatch } from '../credit.ts';
import {
  decodeCreditBatch,
  decodeCreditReturnBatch,
  encodeCreditBatch,
  encodeCreditReturnBatch,
} from '../credit-codec.ts';
import type { PhaseCounts } from '../messages.ts';
import type { PhasePlan } from '../phase/phase-plan.ts';
import { PhaseRun } from '../phase/phase-run.ts';
import { WorkerCredits } from '../worker/worker-credits.ts';
import { VirtualClock } from './virtual-clock.ts';

/** A phase against workers and a server that exist in virtual time only. */
export interface SimulatedLoadOptions {
  readonly plan: PhasePlan;
  readonly workerCount: number;
  /** How long the server takes for the n-th request that reaches it. */
  readonly serviceNs: (n: number) => number;
  readonly outcome?: (n: number) => CreditOutcome;
  readonly arrivalRandom?: RandomStream;
  /** One way between timing manager and worker; default 200 µs. */
  readonly hopNs?: number;
  /** Workers that die, by position. */
  readonly losses?: readonly { readonly worker: number; readonly atNs: number }[];
  readonly cancelAtNs?: number;
  /** Workers that stop sending by themselves, by position. */
  readonly leavings?: readonly { readonly worker: number; readonly atNs: number }[];
  /** Workers that never report anything. */
  readonly muteWorkers?: readonly number[];
  readonly limitNs?: number;
}

/** One request as the server saw it. */
export interface SimulatedSend {
  readonly worker: number;
  readonly credit: Credit;
  readonly atNs: number;
  readonly turnaroundNs: number;
}

/** What happened. */
export interface SimulatedLoadResult {
  readonly sends: readonly SimulatedSend[];
  /** Requests in flight at most, over all workers that were alive. */
  readonly mostInFlight: number;
  /** Every return message that reached the timing manager. */
  readonly returns: readonly CreditReturnBatch[];
  readonly grantMessageCount: number;
  readonly counts: PhaseCounts | undefined;
  readonly completions: number;
  readonly startNs: number;
  readonly endNs: number;
  readonly endedEarly: boolean;
  readonly sendingComplete: { readonly sentCount: number; readonly sentEndNs: number } | undefined;
  readonly warnings: readonly string[];
  /** Timers left when everything was over. */
  readonly pendingTimerCount: number;
}

/** Gaps of exactly `1 / rate`. */
const EVEN_GAPS: RandomStream = {
  nextUniform: () => 0.5,
  nextInt: () => 0,
  nextNormal: () => 0,
  nextExponential: (ratePerSec) => 1 / ratePerSec,
};

/** Runs a phase to its end, or to `limitNs` of virtual time (default 1,000 s). */
export function simulateLoad(options: SimulatedLoadOptions): SimulatedLoadResult {
  const { plan, workerCount, serviceNs } = options;
  const hopMs = (options.hopNs ?? 200_000) / 1e6;
  const clock = new VirtualClock();
  const sends: SimulatedSend[] = [];
  const returns: CreditReturnBatch[] = [];
  const warnings: string[] = [];
  let inFlight = 0;
  let mostInFlight = 0;
  let grantMessageCount = 0;
  let completions = 0;
  let startNs = Number.NaN;
  let endNs = Number.NaN;
  let endedEarly = false;
  let counts: PhaseCounts | undefined;
  let sendingComplete: SimulatedLoadResult['sendingComplete'];

  const workers = Array.from({ length: workerCount }, (_, index) => {
    const id = `worker_${index}`;
    const running = new Map<
      number,
      { readonly stopTimer: () => void; readonly finish: (outcome: CreditOutcome) => void }
    >();
    let isAlive = true;
    const credits = new WorkerCredits({
      clock,
      timers: clock,
      pacer: clock.createPacer(),
      send(credit, turnaroundNs) {
        const n = sends.length;
        sends.push({ worker: index, credit, atNs: clock.now(), turnaroundNs });
        inFlight += 1;
        mostInFlight = Math.max(mostInFlight, inFlight);
        const finish = (outcome: CreditOutcome): void => {
          running.delete(credit.id);
          inFlight -= 1;
          credits.requestEnded(credit.id, outcome, credit.phaseIndex);
        };
        const stopTimer = clock.startTimer(serviceNs(n) / 1e6, () => finish(options.outcome?.(n) ?? 'completed'));
        running.set(credit.id, { stopTimer, finish });
      },
    });
    credits.onReturnsDue = () => {
      for (const batch of credits.takeReturns()) {
        if (options.muteWorkers?.includes(index) === true) continue;
        const bytes = encodeCreditReturnBatch(batch);
        clock.startTimer(hopMs, () => {
          const received = decodeCreditReturnBatch(bytes);
          returns.push(received);
          run.takeBack(id, received);
        });
      }
    };
    return {
      id,
      deliver(action: (credits: WorkerCredits) => void): void {
        clock.startTimer(hopMs, () => {
          if (isAlive) action(credits);
        });
      },
      cancelAll(): void {
        for (const { stopTimer, finish } of running.values()) {
          stopTimer();
          finish('cancelled');
        }
      },
      die(): void {
        isAlive = false;
        credits.close();
        for (const { stopTimer } of running.values()) stopTimer();
        inFlight -= running.size;
        running.clear();
      },
      leave(): void {
        if (isAlive) credits.stopSending(plan.phaseIndex);
      },
      close: () => credits.close(),
    };
  });
  const workerOf = (id: string): (typeof workers)[number] => {
    const worker = workers.find((candidate) => candidate.id === id);
    if (worker === undefined) throw new Error(`no ${id}`);
    return worker;
  };

  const run = new PhaseRun({
    plan,
    clock,
    timers: clock,
    workers: workers.map(({ id }) => ({ id, slotsMax: Number.POSITIVE_INFINITY })),
    port: {
      beginPhase: (id, start) => workerOf(id).deliver((credits) => credits.beginPhase(start)),
      grant(id, batch) {
        grantMessageCount += 1;
        const bytes = encodeCreditBatch(batch);
        workerOf(id).deliver((credits) => credits.grant(decodeCreditBatch(bytes)));
      },
      stopSending: (id, phaseIndex) => workerOf(id).deliver((credits) => credits.stopSending(phaseIndex)),
      cancel: (id, phaseIndex) =>
        workerOf(id).deliver((credits) => {
          credits.stopSending(phaseIndex);
          workerOf(id).cancelAll();
        }),
    },
    events: {
      started: (ns) => {
        startNs = ns;
      },
      progressed: () => {},
      sendingCompleted: (sentCount, sentEndNs) => {
        sendingComplete = { sentCount, sentEndNs };
      },
      completed: (finalCounts, ns, early) => {
        completions += 1;
        counts = finalCounts;
        endNs = ns;
        endedEarly = early;
      },
      warned: (message) => warnings.push(message),
    },
    nextConversationIndex: (() => {
      let next = 0;
      return () => (next += 1) - 1;
    })(),
    arrivalRandom: options.arrivalRandom ?? EVEN_GAPS,
    stallLimitNs: 60e9,
  });

  run.begin();
  for (const { worker, atNs } of options.losses ?? []) {
    clock.startTimer(atNs / 1e6, () => {
      workers[worker]?.die();
      clock.startTimer(hopMs, () => run.loseWorker(`worker_${worker}`));
    });
  }
  for (const { worker, atNs } of options.leavings ?? []) clock.startTimer(atNs / 1e6, () => workers[worker]?.leave());
  if (options.cancelAtNs !== undefined) clock.startTimer(options.cancelAtNs / 1e6, () => run.cancel());
  clock.runUntilIdle(options.limitNs ?? 1e12);
  for (const worker of workers) worker.close();
  return {
    sends,
    mostInFlight,
    returns,
    grantMessageCount,
    counts,
    completions,
    startNs,
    endNs,
    endedEarly,
    sendingComplete,
    warnings,
    pendingTimerCount: clock.pendingTimerCount,
  };
}
