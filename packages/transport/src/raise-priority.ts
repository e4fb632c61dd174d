import { constants, setPriority } from 'node:os';

/**
 * Gives this thread, and those that it starts from now on, the most favourable nice value, so that a request that is due does not wait for
 * whatever else runs on the host. Returns false where that is not allowed: it takes root or `CAP_SYS_NICE`.
 */
export function raisePriority(): boolean {
  try {
    setPriority(constants.priority.PRIORITY_HIGHEST);
    return true;
  } catch {
    return false;
  }
}
