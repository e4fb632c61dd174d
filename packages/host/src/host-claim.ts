import { watchBusy } from './busy-watch.ts';
import { keepCoresAwake } from './keep-cores-awake.ts';
import { leaveRealTime, raisePriority, type Urgency } from './raise-priority.ts';
import { claimRealTime } from './real-time-claim.ts';

export interface HostClaimOptions {
  /** Names the run: its processes share what other runs may not have at the same time. */
  readonly runId: string;
  /** Some requests have due times: nothing else on the host should make them wait. */
  readonly hasDueTimes: boolean;
  /** There is a core that no worker runs on. */
  readonly isCoreSpare: boolean;
  /** Takes what was done, for the log. */
  readonly log: { debug(message: string): void };
}

/** What was taken of a host, until it is given back. */
export interface HostClaim {
  /** In words, for the report; empty where nothing could be had. */
  readonly taken: readonly string[];
  /** Gives everything back but a nice value, which only root could raise again. */
  readonly end: () => void;
}

const URGENCY_WORDS: Readonly<Record<Urgency, readonly string[]>> = {
  'real-time': ['real-time class'],
  highest: ['most favourable nice value'],
  normal: [],
};

/**
 * Takes what a process that sends and stamps may take of its host: cores that wake up at once and, for due times, the highest priority. Both
 * serve a thread that sleeps between requests. One that hardly sleeps any more gives them back, for good: the real-time class, because
 * Linux would stop it for 50 ms each second, and the waking cores, because those that wait awake slow down the ones that work.
 *
 * All of it changes what other programs of the host get, a server under test among them: call it only where the user said so. The real-time
 * class is left to one run of the host at a time, so that two never starve each other. Threads that are to have the priority are started afterwards.
 */
export function claimHost({ runId, hasDueTimes, isCoreSpare, log }: HostClaimOptions): HostClaim {
  const endRealTimeClaim = hasDueTimes && isCoreSpare ? claimRealTime(runId) : undefined;
  const urgency = hasDueTimes ? raisePriority(endRealTimeClaim !== undefined) : 'normal';
  // Another run may be allowed what this one is not.
  if (urgency !== 'real-time') endRealTimeClaim?.();
  let letCoresSleep = keepCoresAwake();
  const taken = [...URGENCY_WORDS[urgency], ...(letCoresSleep === undefined ? [] : ['cores kept awake'])];
  log.debug(`taken of the host: ${taken.length === 0 ? 'nothing' : taken.join(', ')}`);
  const end = (): void => {
    stopWatch();
    letCoresSleep?.();
    letCoresSleep = undefined;
  };
  const stopWatch = watchBusy(() => {
    if (urgency === 'real-time') leaveRealTime(endRealTimeClaim);
    end();
    log.debug('the worker hardly sleeps: ordinary priority, idle cores may sleep');
  });
  return {
    taken,
    end: () => {
      end();
      endRealTimeClaim?.();
    },
  };
}
