import { existsSync, writeFileSync } from 'node:fs';
import { readKernelStat } from './kernel-stat.ts';

/** Least urgent nice value. */
export const LOWEST_NICENESS = 19;

/**
 * Sets the nice value of this process's session, which Linux shares cores between (autogroups): that of a thread, and its class, only counts
 * inside its session. Does nothing where this process does not lead its session, which is then not its own to slow down, and where there
 * are no such groups. True: nothing is left to be done; false: the kernel asks to try again in a tenth of a second.
 */
export function setSessionNiceness(niceness: number): boolean {
  try {
    if (!leadsSession()) return true;
    writeFileSync('/proc/self/autogroup', String(niceness));
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'EAGAIN';
  }
}

/** Whether the kernel shares cores between sessions and this process leads one, so that {@link setSessionNiceness} has an effect. */
export function hasOwnShare(): boolean {
  try {
    return leadsSession() && existsSync('/proc/self/autogroup');
  } catch {
    return false;
  }
}

function leadsSession(): boolean {
  // The session is the sixth field.
  return Number(readKernelStat('/proc/self/stat')[3]) === process.pid;
}
