import { MemoryNetwork } from '@aiperf/comms/memory';
import { NEVER } from 'rxjs';
import type { Hosting } from './hosting.ts';
import { localPlacement, placedServices } from './placement.ts';
import type { ServiceSurroundings } from './service-table.ts';
import type { Supervisor } from './supervisor.ts';

/** Nothing to start, watch or kill. */
const NO_PROCESSES: Supervisor = {
  start: () => undefined,
  unexpectedExits$: NEVER,
  output$: NEVER,
  stop: () => Promise.resolve([]),
  kill: () => undefined,
};

/**
 * Every service in this process, joined by its memory. More than one worker would share the one event loop, so there is one. Whoever calls
 * owns `privateDirectory`.
 */
export function inProcess(privateDirectory: string, surroundings: ServiceSurroundings): Hosting {
  return {
    counts: () => ({ workers: 1, recordProcessors: 1 }),
    place: (counts) => ({ local: placedServices(localPlacement(counts)), children: [] }),
    open: () =>
      Promise.resolve({
        privateDirectory,
        connect: () => ({
          network: new MemoryNetwork(),
          supervisor: NO_PROCESSES,
          surroundings,
          close: () => undefined,
        }),
        [Symbol.asyncDispose]: () => Promise.resolve(),
      }),
  };
}
