import type { Credit, CreditOutcome } from '../credit.ts';
import type { PhaseCounts, SessionCounts } from '../messages.ts';
import { Gauge } from './forecast.ts';
import type { PhaseForecast, SimulatedRequest } from './forecast.ts';

/** What is counted of one simulated phase while it runs. */
export class PhaseTally {
  readonly #phaseIndex: number;
  /** Requests have due times; those of a closed loop are NaN. */
  readonly #isOpenLoop: boolean;
  readonly #requests = new Gauge();
  readonly #sessions = new Gauge();
  readonly #warnings: string[] = [];
  #startNs = 0;
  #lastSentNs = 0;
  forecast: PhaseForecast | undefined;

  constructor(phaseIndex: number, isOpenLoop: boolean) {
    this.#phaseIndex = phaseIndex;
    this.#isOpenLoop = isOpenLoop;
  }

  begin(startNs: number): void {
    this.#startNs = startNs;
    this.#lastSentNs = startNs;
  }

  warn(message: string): void {
    if (!this.#warnings.includes(message)) this.#warnings.push(message);
  }

  noteSend(credit: Credit, nowNs: number): SimulatedRequest {
    this.#requests.add(1);
    if (credit.turnIndex === 0) this.#sessions.add(1);
    this.#lastSentNs = nowNs;
    return {
      phaseIndex: this.#phaseIndex,
      requestNumber: credit.id,
      sessionNumber: credit.sessionNumber,
      conversationIndex: credit.conversationIndex,
      turnIndex: credit.turnIndex,
      turnCount: credit.turnCount,
      dueNs: this.#isOpenLoop ? credit.dueNs - this.#startNs : Number.NaN,
      sentNs: nowNs - this.#startNs,
      delayNs: credit.delayNs,
      cancelAfterNs: credit.cancelAfterNs,
    };
  }

  noteEnd(credit: Credit, outcome: CreditOutcome): void {
    this.#requests.add(-1);
    const isLast = credit.turnIndex + 1 === credit.turnCount;
    if (isLast || outcome !== 'completed') this.#sessions.add(-1);
  }

  complete(counts: PhaseCounts & SessionCounts, endNs: number): void {
    this.forecast = {
      phaseIndex: this.#phaseIndex,
      startNs: this.#startNs,
      counts,
      sessionCount: counts.sessions,
      neverSentCount: counts.neverSent,
      sendingNs: this.#lastSentNs - this.#startNs,
      durationNs: endNs - this.#startNs,
      requestsInFlightMax: this.#requests.most,
      sessionsInFlightMax: this.#sessions.most,
      warnings: this.#warnings,
    };
  }
}
