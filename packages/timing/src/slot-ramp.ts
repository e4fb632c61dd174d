import type { RampConfig } from '@aiperf/config';
import type { RandomStream } from '@aiperf/dataset';
import { randomStepTimes } from './rate-profile.ts';
import { TimingError } from './timing-error.ts';

/** From `atNs` after the beginning of the phase on, this many slots. */
export interface SlotStep {
  readonly atNs: number;
  readonly slots: number;
}

/** Steps closer than this are put together: every step is a message to every worker. */
const STEP_INTERVAL_MIN_NS = 1_000_000;

/**
 * How a number of slots climbs: one at the beginning, `target` at the end of the ramp, in steps of one. Linear: at even times. Exponential:
 * by the same factor in equal times. Poisson: at random times, drawn from `random`. Steps that would be less than 1 ms apart are joined
 * at the later time, so the limit is never above that of the exact climb.
 */
export function slotSteps(target: number, ramp: RampConfig, random: RandomStream): readonly SlotStep[] {
  const { durationSec, shape } = ramp;
  if (!Number.isSafeInteger(target) || target < 1) {
    throw new TimingError('AIPERF_TIMING_PLAN', `a ramp must climb to a whole number of at least 1, not ${target}`);
  }
  if (!(durationSec > 0) || !Number.isFinite(durationSec)) {
    throw new TimingError('AIPERF_TIMING_PLAN', `a ramp must last longer than 0 s, not ${durationSec} s`);
  }
  const first: SlotStep = { atNs: 0, slots: 1 };
  if (target === 1) return [first];
  const shareOf = stepShares(target, shape, random);
  const durationNs = Math.max(durationSec * 1e9, STEP_INTERVAL_MIN_NS);
  const endNs = Math.round(durationNs);
  const steps: SlotStep[] = [first];
  let lastNs = 0;
  for (let slots = 2; slots < target; slots += 1) {
    const atNs = Math.ceil(shareOf(slots) * durationNs);
    if (atNs > endNs - STEP_INTERVAL_MIN_NS) break;
    if (atNs < lastNs + STEP_INTERVAL_MIN_NS) continue;
    steps.push({ atNs, slots });
    lastNs = atNs;
  }
  steps.push({ atNs: endNs, slots: target });
  return steps;
}

/** The part of the ramp's time, in (0, 1], after which there are this many slots. */
function stepShares(target: number, shape: RampConfig['shape'], random: RandomStream): (slots: number) => number {
  switch (shape) {
    case 'linear':
      return (slots) => (slots - 1) / (target - 1);
    case 'exponential':
      return (slots) => Math.log(slots) / Math.log(target);
    case 'poisson': {
      const shares = randomStepTimes(target - 1, random);
      return (slots) => shares[slots - 2] ?? 1;
    }
  }
}
