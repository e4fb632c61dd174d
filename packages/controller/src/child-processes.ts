import { availableParallelism } from 'node:os';
import { startProxies, zmqNetwork } from '@aiperf/comms';
import { recordProcessorCount, workerCount } from '@aiperf/config';
import type { Hosting } from './hosting.ts';
import { type ChildEntry, LocalSupervisor } from './local-supervisor.ts';
import { localPlacement } from './placement.ts';
import { createRunPlace } from './run-environment.ts';

/** Services in processes of their own on this host, joined by ZeroMQ: how a run measures best. */
export function childProcesses(entry: ChildEntry): Hosting {
  return {
    counts: (config) => {
      const workers = workerCount(config, availableParallelism());
      return { workers, recordProcessors: recordProcessorCount(config, workers) };
    },
    place: localPlacement,
    open: async ({ comms, service: { logLevel, hostTuning } }) => {
      const place = await createRunPlace(comms);
      return {
        privateDirectory: place.privateDirectory,
        connect: (onFailure) => {
          // An address in use is found here, before any process is started.
          const { plan: addresses, close } = startProxies(place.addresses, onFailure);
          return {
            network: zmqNetwork(addresses),
            supervisor: new LocalSupervisor(
              { ...entry, sharesCoresBySession: hostTuning === 'auto' },
              ({ services }) => ({ services, addresses, logLevel }),
            ),
            surroundings: { ownsProcess: true },
            close,
          };
        },
        [Symbol.asyncDispose]: () => place[Symbol.asyncDispose](),
      };
    },
  };
}
