import { execFile, execFileSync } from 'node:child_process';
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
  const isNice = takeHighestNiceValue();
  if (isCoreSpare && enterRealTime()) return 'real-time';
  return isNice ? 'highest' : 'normal';
}

/** Takes the main thread out of the real-time class. The nice value stays. `onLeft` hears when it is done. */
export function leaveRealTime(onLeft?: () => void): void {
  execFile('chrt', ['-o', '-p', '0', String(process.pid)], (error) => {
    if (error === null) onLeft?.();
  });
}

function takeHighestNiceValue(): boolean {
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST);
    return true;
  } catch {
    return false;
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
