import { CREDIT_OUTCOMES } from '../credit.ts';
import type { Credit, CreditBatch, CreditReturnBatch, PhaseStart } from '../credit.ts';
import { VirtualClock } from '../virtual-clock.ts';
import type { StagedRequest } from './staged-requests.ts';
import { WorkerCredits } from './worker-credits.ts';

/** A request as it was sent. */
export interface Sent {
  readonly id: number;
  readonly atNs: number;
  readonly turnaroundNs: number;
}

/** What became of a staged request. */
export interface StagedFate {
  readonly id: number;
  readonly atNs: number;
  readonly fate: 'staged' | 'fired' | 'dropped';
  /** Of what was fired. */
  readonly turnaroundNs?: number;
}

/** Worker credits in virtual time, with everything they did. With `stages`, requests are staged where that is possible. */
export function setUp(
  onSend: (credits: WorkerCredits, credit: Credit) => void = () => {},
  stages = false,
  turnNs = 0,
): {
  clock: VirtualClock;
  credits: WorkerCredits;
  sent: Sent[];
  /** In the order in which it happened. */
  fates: StagedFate[];
  reports: { readonly atNs: number; readonly batches: readonly CreditReturnBatch[] }[];
} {
  const clock = new VirtualClock({ turnNs });
  const sent: Sent[] = [];
  const fates: StagedFate[] = [];
  const reports: { atNs: number; batches: CreditReturnBatch[] }[] = [];
  const stage = ({ id }: Credit): StagedRequest => {
    const note = (fate: 'staged' | 'dropped'): unknown => fates.push({ id, atNs: clock.now(), fate });
    note('staged');
    return {
      fire: (turnaroundNs) => fates.push({ id, atNs: clock.now(), fate: 'fired', turnaroundNs }),
      drop: () => note('dropped'),
    };
  };
  const credits: WorkerCredits = new WorkerCredits({
    clock,
    timers: clock,
    pacer: clock.createPacer(),
    send(credit, turnaroundNs) {
      sent.push({ id: credit.id, atNs: clock.now(), turnaroundNs });
      onSend(credits, credit);
    },
    ...(stages ? { stage } : {}),
  });
  credits.onReturnsDue = () => {
    reports.push({ atNs: clock.now(), batches: credits.takeReturns() });
  };
  return { clock, credits, sent, fates, reports };
}

/** A phase with so many slots. */
export const phase = (slots: number | null, rest: Partial<PhaseStart> = {}): PhaseStart => ({
  phaseIndex: 0,
  kind: 'profiling',
  slots,
  prefillSlots: null,
  stopSendingAtNs: null,
  ...rest,
});

/** Credits `firstId`, `firstId + 1`, …, one for each due time. */
export function batch(firstId: number, dueNs: readonly number[], phaseIndex = 0): CreditBatch {
  const ids = Float64Array.from(dueNs, (_, i) => firstId + i);
  return {
    phaseIndex,
    issuedNs: 0,
    ids,
    sessionNumbers: ids,
    conversationIndexes: Uint32Array.from(ids, (id) => id * 10),
    turnIndexes: new Uint32Array(ids.length),
    turnCounts: new Uint32Array(ids.length).fill(1),
    dueNs: Float64Array.from(dueNs),
    delaysNs: new Float64Array(ids.length),
    cancelAfterNs: new Float64Array(ids.length).fill(Number.NaN),
  };
}

/** So many credits for any free slot. */
export const undated = (firstId: number, count: number): CreditBatch =>
  batch(
    firstId,
    Array.from({ length: count }, () => Number.NaN),
  );

/** Credits and what they came back as, in the order of the reports. */
export const outcomesOf = (
  reports: readonly { readonly batches: readonly CreditReturnBatch[] }[],
): [number, string][] =>
  reports.flatMap(({ batches }) =>
    batches.flatMap(({ ids, outcomes }) =>
      [...ids].map((id, i): [number, string] => [id, CREDIT_OUTCOMES[outcomes[i] ?? -1] ?? '?']),
    ),
  );

/** All turns of one session, with these due times and delays. */
export function session(
  sessionNumber: number,
  firstId: number,
  turns: readonly { dueNs?: number; delayNs?: number }[],
  phaseIndex = 0,
): CreditBatch {
  return {
    ...batch(
      firstId,
      turns.map(({ dueNs }) => dueNs ?? Number.NaN),
      phaseIndex,
    ),
    sessionNumbers: Float64Array.from(turns, () => sessionNumber),
    turnIndexes: Uint32Array.from(turns, (_, k) => k),
    turnCounts: Uint32Array.from(turns, () => turns.length),
    delaysNs: Float64Array.from(turns, ({ delayNs }) => delayNs ?? 0),
  };
}

/** The turn after the first of a session of two, granted alone. */
export const secondTurn = (sessionNumber: number, id: number, dueNs: number, delayNs = 0): CreditBatch => ({
  ...batch(id, [dueNs]),
  sessionNumbers: Float64Array.of(sessionNumber),
  turnIndexes: Uint32Array.of(1),
  turnCounts: Uint32Array.of(2),
  delaysNs: Float64Array.of(delayNs),
});
