import type { PhaseConfig } from '@aiperf/config';
import { createRandomSource } from '@aiperf/dataset/random';
import { createRateProfile, type RateProfile } from './rate-profile.ts';
import { intervalLaw } from './interval-law.ts';

/** What a phase's requests are meant to come like. */
export interface LoadLaw {
  /** Requests that are expected until a moment since the phase began. */
  readonly countAt: (timeSec: number) => number;
  /**
   * Share of the intended intervals, in expected requests, that are shorter; absent for an even rate, whose intervals all have length 1: there
   * the times themselves are held against an even spread.
   */
  readonly shareBelow?: (interval: number) => number;
}

/** The law of a phase with a request rate; `undefined` where there is none, or where it cannot be known without a seed. */
export function loadLawOf(phase: PhaseConfig, randomSeed: number | undefined): LoadLaw | undefined {
  if (phase.mode !== 'request_rate' || phase.arrivalPattern === 'concurrency_burst') return undefined;
  if (phase.requestRateRamp?.shape === 'poisson' && randomSeed === undefined) return undefined;
  const profile: RateProfile = createRateProfile(phase, arrivalStream(phase, randomSeed));
  const countAt = (timeSec: number): number => profile.countAt(timeSec);
  const shareBelow = intervalLaw(phase.arrivalPattern, phase.arrivalSmoothness ?? 1);
  return shareBelow === undefined ? { countAt } : { countAt, shareBelow };
}

/** The stream that the timing manager draws this phase's arrivals from; a ramp of Poisson shape takes its first numbers. */
function arrivalStream(
  { name }: PhaseConfig,
  randomSeed: number | undefined,
): ReturnType<ReturnType<typeof createRandomSource>['stream']> {
  return createRandomSource(randomSeed).stream(name === 'profiling' ? 'arrivals' : `arrivals.${name}`);
}
