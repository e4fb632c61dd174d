import { watchBusy } from './busy-watch.ts';
import { keepCoresAwake } from './keep-cores-awake.ts';
import { leaveRealTime, raisePriority } from './raise-priority.ts';

export interface HostClaimOptions {
  /** Some requests have due times: nothing else on the host should make them wait. */
  readonly hasDueTimes: boolean;
  /** There is a core that no worker runs on. */
  readonly isCoreSpare: boolean;
  /** Takes what was done, for the log. */
  readonly log: { debug(message: string): void };
}

/**
 * Takes what a process that sends and stamps may take of its host: cores that wake up at once and, for due times, the highest priority. Both
 * serve a thread that sleeps between requests. One that hardly sleeps any more gives them back, for good: the real-time class, because
 * Linux would stop it for 50 ms each second, and the waking cores, because those that wait awake slow down the ones that work.
 *
 * Threads that are to have the priority are started afterwards. The returned function ends the claim; the nice value stays.
 */
export function claimHost({ hasDueTimes, isCoreSpare, log }: HostClaimOptions): () => void {
  const urgency = hasDueTimes ? raisePriority(isCoreSpare) : 'normal';
  let letCoresSleep = keepCoresAwake();
  log.debug(
    `requests are sent with ${urgency} priority; idle cores ${letCoresSleep === undefined ? 'may sleep' : 'stay awake'}`,
  );
  const end = (): void => {
    stopWatch();
    letCoresSleep?.();
    letCoresSleep = undefined;
  };
  const stopWatch = watchBusy(() => {
    end();
    if (urgency === 'real-time') leaveRealTime();
    log.debug('the worker hardly sleeps: ordinary priority, idle cores may sleep');
  });
  return end;
}
