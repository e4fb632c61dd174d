import { execFileSync } from 'node:child_process';
import { setPriority } from 'node:os';
import { LOWEST_NICENESS } from './session-niceness.ts';

/**
 * Gives a thread of this process the scheduling class `SCHED_IDLE`: it runs on what others leave over, and, unlike with a nice value, a core that it
 * runs on counts as free when a worker wakes up. An unprivileged thread cannot leave the class again, so whoever needs it sooner starts another. Nothing but this
 * process has less for it.
 */
export function giveWay(threadId: number): void {
  try {
    execFileSync('chrt', ['--idle', '--pid', '0', String(threadId)], { stdio: 'ignore' });
  } catch {
    // No such program here. Linux has nice values by thread, too.
    setPriority(threadId, LOWEST_NICENESS);
  }
}
