import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';

/** Linux keeps every core as ready as the strictest of the requests that are held open on it, so none outlives its process. */
const DEVICE = '/dev/cpu_dma_latency';

/** How long a core may take to wake up, µs. `C1`, the lightest sleep of a physical core, takes 1 to 2; the deeper ones take 10 to 200. */
const PHYSICAL_CORE_US = 2;
/** A virtual core that sleeps has been handed back to its host, which takes 10 to 50 µs to return it; so it waits awake. */
const VIRTUAL_CORE_US = 0;

/**
 * Keeps this host's cores from sleeping deeply, where that is allowed (root). Each write to a sleeping program on the same host, and each
 * answer that arrives, would wake a core first: requests due within that time leave later, and every stamp of an answer is later by it.
 * Returns what ends it, or nothing where it is not possible.
 */
export function keepCoresAwake(device: string = DEVICE): (() => void) | undefined {
  try {
    const handle = openSync(device, 'r+');
    try {
      writeSync(handle, new Uint8Array(Int32Array.of(isVirtual() ? VIRTUAL_CORE_US : PHYSICAL_CORE_US).buffer));
    } catch (error) {
      closeSync(handle);
      throw error;
    }
    return () => closeSync(handle);
  } catch {
    // No such device, or not allowed.
    return undefined;
  }
}

/** Whether idle cores go back to a hypervisor. */
function isVirtual(): boolean {
  try {
    return readFileSync('/sys/devices/system/cpu/cpuidle/current_driver', 'utf8').trim() === 'haltpoll';
  } catch {
    return false;
  }
}
