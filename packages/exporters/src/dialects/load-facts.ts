import type { JsonObject } from '../run/run-metadata.ts';

/** What tools print of the load that was asked for. */
export interface LoadFacts {
  readonly endpointType: string;
  /** Mode of the last profiling phase, as AIPerf names it. */
  readonly mode: string;
  readonly arrivalPattern: string;
  /** Absent: unlimited. */
  readonly concurrency?: number;
  /** Absent in a closed loop, with a recorded schedule, and where the rate changes. */
  readonly requestRatePerSec?: number;
}

/** The load of a run, from its resolved configuration; of several profiling phases the last. */
export function loadFactsOf(config: JsonObject, endpointType: string): LoadFacts {
  const phases = Array.isArray(config['phases']) ? (config['phases'] as readonly JsonObject[]) : [];
  const phase = phases.findLast(({ kind }) => kind === 'profiling') ?? {};
  const text = (key: string): string => (typeof phase[key] === 'string' ? phase[key] : 'unknown');
  const { concurrency, requestRatePerSec } = phase;
  return {
    endpointType,
    mode: text('mode'),
    arrivalPattern: text('arrivalPattern'),
    ...(typeof concurrency === 'number' ? { concurrency } : {}),
    ...(typeof requestRatePerSec === 'number' ? { requestRatePerSec } : {}),
  };
}
