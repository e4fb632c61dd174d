import { execFileSync } from 'node:child_process';
import { constants, setPriority } from 'node:os';

/** The lowest of the real-time class: before every ordinary program, after the kernel's own threads. */
const REAL_TIME_PRIORITY = 1;

/** What `raisePriority` has reached. */
export type Urgency = 'real-time' | 'highest' | 'normal';

/**
 * Puts this process's main thread, and the threads that it starts from now on, before whatever else runs on the host, so that a request that
 * is due does not wait: into the class `SCHED_RR` where that is allowed (root, `CAP_SYS_NICE` or a limit for real-time priorities), else to
 * the most favourable nice value, else nowhere. Ordinary programs that wake up still take a core from the most favourable nice value, for
 * milliseconds; from the real-time class they do not, which is why it takes `isCoreSpare`: a core that no such thread runs on.
 */
export function raisePriority(isCoreSpare: boolean): Urgency {
  if (isCoreSpare && enterRealTime()) return 'real-time';
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST);
    return 'highest';
  } catch {
    return 'normal';
  }
}

function enterRealTime(): boolean {
  try {
    // Short options: those that every implementation of the program knows.
    execFileSync('chrt', ['-r', '-p', String(REAL_TIME_PRIORITY), String(process.pid)], { stdio: 'ignore' });
    return true;
  } catch {
    // No such program here, or not allowed.
    return false;
  }
}
