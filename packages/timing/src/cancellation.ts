import type { PhaseConfig } from '@aiperf/config';
import type { RandomStream } from '@aiperf/dataset';

/** Which requests of a phase are cancelled. */
export interface CancellationPlan {
  /** Of the next credit, in the order of their ids: how long after it was completely written it is cancelled; NaN: never. */
  nextCancelAfterNs(): number;
}

/** Draws one number a credit, so whether one is cancelled depends on nothing but the seed and its id. Without a cancellation nothing is drawn. */
export function createCancellationPlan(
  cancellation: PhaseConfig['cancellation'],
  random: RandomStream,
): CancellationPlan {
  if (cancellation === undefined) return { nextCancelAfterNs: () => Number.NaN };
  const share = cancellation.ratePercent / 100;
  const delayNs = Math.round(cancellation.delaySec * 1e9);
  return { nextCancelAfterNs: () => (random.nextUniform() < share ? delayNs : Number.NaN) };
}
