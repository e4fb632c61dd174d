import type { UserConfig } from '@aiperf/config';
import { createSampler } from '@aiperf/dataset';
import type { RandomSource } from '@aiperf/dataset';
import type { Credit, CreditOutcome } from '../credit.ts';
import { decodeCreditBatch, encodeCreditBatch } from '../credit-codec.ts';
import { LoadRun } from '../phase/load-run.ts';
import { planSchedule } from '../phase/phase-inputs.ts';
import { planPhases } from '../phase/phase-plan.ts';
import type { PhasePlan } from '../phase/phase-plan.ts';
import type { PhaseEvents, WorkerPort } from '../phase/phase-port.ts';
import type { ConversationTimes } from '../sessions/session-source.ts';
import { VirtualClock } from '../virtual-clock.ts';
import { WorkerCredits } from '../worker/worker-credits.ts';
import { PhaseTally } from './phase-tally.ts';
import { Gauge } from './forecast.ts';
import type { RunForecast, SimulatedRequest } from './forecast.ts';

/** How long a server is assumed to take for one request, from its sending on. */
export interface AssumedAnswer {
  readonly firstTokenNs: number;
  readonly endNs: number;
}

/** A run that is to be simulated. */
export interface SimulateRunOptions {
  readonly config: Pick<UserConfig, 'phases' | 'fixedSchedule'> & {
    readonly input: Pick<UserConfig['input'], 'datasetSampling'>;
  };
  readonly times: ConversationTimes;
  readonly random: RandomSource;
  readonly workerCount: number;
  /** Requests that are simulated at most, so that an hour of a fast closed loop does not take an hour. */
  readonly requestLimit: number;
  readonly answer: (conversationIndex: number, turnIndex: number) => AssumedAnswer;
  /** In the order of sending. */
  readonly onSend: (request: SimulatedRequest) => void;
}

/**
 * Carries a run out in virtual time: the phases, credits and slots are those of a real run, the network takes no time, nobody is late, and
 * every answer takes as long as is assumed. Nothing is sent.
 */
export function simulateRun(options: SimulateRunOptions): RunForecast {
  const { config, times, random, requestLimit } = options;
  const phases = planPhases(config);
  const clock = new VirtualClock();
  const tallies = phases.map(({ phaseIndex, mode }) => new PhaseTally(phaseIndex, mode !== 'concurrency'));
  const inFlight = new Gauge();
  let sentCount = 0;
  let isCutShort = false;

  const noteSend = (credit: Credit): void => {
    const tally = tallies[credit.phaseIndex];
    sentCount += 1;
    inFlight.add(1);
    if (tally !== undefined) options.onSend(tally.noteSend(credit, clock.now()));
    if (sentCount < requestLimit || isCutShort) return;
    isCutShort = true;
    // Not from within the worker's own turn.
    clock.runSoon(() => run.cancel());
  };
  const noteEnd = (credit: Credit, outcome: CreditOutcome): void => {
    inFlight.add(-1);
    tallies[credit.phaseIndex]?.noteEnd(credit, outcome);
  };
  const hasPrefillLimit = (phaseIndex: number): boolean => config.phases[phaseIndex]?.prefillConcurrency !== undefined;
  const workers = new Map(
    Array.from({ length: options.workerCount }, (_, index) => [
      `worker_${index}`,
      new SimulatedWorker({ clock, answer: options.answer, hasPrefillLimit, noteSend, noteEnd }),
    ]),
  );
  const workerOf = (id: string): SimulatedWorker => {
    const worker = workers.get(id);
    if (worker === undefined) throw new Error(`there is no ${id}`);
    return worker;
  };
  const port: WorkerPort = {
    beginPhase: (id, start) => clock.runSoon(() => workerOf(id).credits.beginPhase(start)),
    grant: (id, batch) => {
      // The columns of a batch are used again for the next one.
      const bytes = encodeCreditBatch(batch);
      clock.runSoon(() => workerOf(id).credits.grant(decodeCreditBatch(bytes)));
    },
    recall: (id, recall) => clock.runSoon(() => workerOf(id).credits.recall(recall)),
    stopSending: (id, phaseIndex) => clock.runSoon(() => workerOf(id).credits.stopSending(phaseIndex)),
    cancel: (id, phaseIndex) =>
      clock.runSoon(() => {
        workerOf(id).credits.stopSending(phaseIndex);
        workerOf(id).cancelAll(phaseIndex);
      }),
  };
  const sampler = createSampler(config.input.datasetSampling, times.conversationCount, random.stream('sampling'));
  const run = new LoadRun({
    phases,
    clock,
    timers: clock,
    workers: () => [...workers.keys()].map((id) => ({ id, slotsMax: Number.POSITIVE_INFINITY })),
    port,
    inputs: { times, random, nextConversationIndex: () => sampler.next() },
    stallLimitNs: Number.POSITIVE_INFINITY,
    events: (plan) => phaseEvents(plan, tallies, times),
    ended: () => {},
  });
  for (const [id, { credits }] of workers) {
    credits.onReturnsDue = () => {
      for (const batch of credits.takeReturns()) clock.runSoon(() => run.takeBack(id, batch));
    };
  }
  run.begin();
  clock.runUntilIdle(Number.MAX_SAFE_INTEGER);
  for (const { credits } of workers.values()) credits.close();
  const forecasts = tallies.flatMap((tally) => tally.forecast ?? []);
  return {
    phases: forecasts,
    durationNs: forecasts.reduce(
      (longest, { startNs, durationNs }) => Math.max(longest, startNs + durationNs - (forecasts[0]?.startNs ?? 0)),
      0,
    ),
    requestsInFlightMax: inFlight.most,
    isCutShort,
  };
}

function phaseEvents(plan: PhasePlan, tallies: readonly PhaseTally[], times: ConversationTimes): PhaseEvents {
  const tally = tallies[plan.phaseIndex];
  return {
    started: (startNs) => {
      tally?.begin(startNs);
      if (plan.mode === 'fixed_schedule') for (const text of planSchedule(plan, times).warnings) tally?.warn(text);
    },
    progressed: () => {},
    sendingCompleted: () => {},
    completed: (counts, endNs) => tally?.complete(counts, endNs),
    warned: (message) => tally?.warn(message),
  };
}

interface SimulatedWorkerOptions {
  readonly clock: VirtualClock;
  readonly answer: SimulateRunOptions['answer'];
  readonly hasPrefillLimit: (phaseIndex: number) => boolean;
  readonly noteSend: (credit: Credit) => void;
  readonly noteEnd: (credit: Credit, outcome: CreditOutcome) => void;
}

/** A worker's own credits, with requests that end after the assumed time. */
class SimulatedWorker {
  readonly credits: WorkerCredits;
  readonly #options: SimulatedWorkerOptions;
  /** Ends of the requests in flight. */
  readonly #ends = new Set<{ readonly phaseIndex: number; cancel(): void }>();

  constructor(options: SimulatedWorkerOptions) {
    this.#options = options;
    const { clock } = options;
    this.credits = new WorkerCredits({
      clock,
      timers: clock,
      pacer: clock.createPacer(),
      send: (credit) => this.#send(credit),
    });
  }

  cancelAll(phaseIndex: number): void {
    for (const end of this.#ends) if (end.phaseIndex === phaseIndex) end.cancel();
  }

  #send(credit: Credit): void {
    const { clock, answer, hasPrefillLimit, noteSend, noteEnd } = this.#options;
    noteSend(credit);
    const { firstTokenNs, endNs } = answer(credit.conversationIndex, credit.turnIndex);
    // Answers that are over before it are not cancelled.
    const isCancelled = credit.cancelAfterNs < endNs;
    const finish = (outcome: CreditOutcome): void => {
      this.#ends.delete(end);
      noteEnd(credit, outcome);
      this.credits.requestEnded(credit.id, outcome, credit.phaseIndex);
    };
    // Of interest to a prefill limit only.
    const stopFirstToken = hasPrefillLimit(credit.phaseIndex)
      ? clock.startTimer(firstTokenNs / 1e6, () => this.credits.firstTokenArrived(credit.id, credit.phaseIndex))
      : (): void => {};
    const stopEnd = clock.startTimer((isCancelled ? credit.cancelAfterNs : endNs) / 1e6, () => {
      stopFirstToken();
      finish(isCancelled ? 'cancelled' : 'completed');
    });
    const end = {
      phaseIndex: credit.phaseIndex,
      cancel: (): void => {
        stopFirstToken();
        stopEnd();
        finish('cancelled');
      },
    };
    this.#ends.add(end);
  }
}
