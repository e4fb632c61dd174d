import type { Credit, CreditOutcome } from '../credit.ts';
import { encodeCreditReturnBatch } from '../credit-codec.ts';
import { VirtualClock } from '../virtual-clock.ts';
import type { StagedRequest } from '../worker/staged-requests.ts';
import { WorkerCredits } from '../worker/worker-credits.ts';
import type { SimulatedLoadOptions } from './simulated-load.test.support.ts';

/** One request as the server saw it. */
export interface SimulatedSend {
  readonly worker: number;
  readonly credit: Credit;
  readonly atNs: number;
  readonly turnaroundNs: number;
  /** When it ended; NaN while it has not, and for ever where its worker died. */
  endNs: number;
}

/** What is running at the simulated server, and how much of it there was at most. */
export class SimulatedServer {
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
export class SimulatedWorker {
  readonly id: string;
  readonly credits: WorkerCredits;
  readonly #index: number;
  readonly #options: SimulatedLoadOptions;
  readonly #server: SimulatedServer;
  readonly #running = new Map<string, RunningRequest>();
  isAlive: boolean = true;
  /** Staged requests that were neither sent nor given up. */
  readonly #staged = new Set<string>();

  constructor(
    index: number,
    options: SimulatedLoadOptions,
    server: SimulatedServer,
    report: (bytes: Uint8Array) => void,
  ) {
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
