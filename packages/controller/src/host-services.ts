import { type Network, ServiceHost, type ServiceOutcome } from '@aiperf/comms';
import type { LogLevel } from '@aiperf/config';
import { decodePlan } from '@aiperf/config/plan';
import { SERVICES, type ServiceSurroundings } from './service-table.ts';
import type { ServicesSpec } from './services-spec.ts';

/** Services of one process, started. */
export interface HostedServices {
  /** Resolves when every service has registered; rejects with the first that could not. */
  readonly started: Promise<void>;
  /** Resolves with how each ended. */
  readonly finished: Promise<readonly ServiceOutcome[]>;
  stop(): Promise<void>;
}

/** Runs the services of a spec in this process. */
export function hostServices(
  spec: Omit<ServicesSpec, 'addresses'>,
  network: Network,
  surroundings: ServiceSurroundings,
): HostedServices {
  const hosts = spec.services.map(
    ({ serviceType, serviceId }) =>
      new ServiceHost({
        network,
        serviceId,
        serviceType,
        decodePlan,
        logLevel: hostLogLevel(spec.logLevel),
        createService: async (context) => (await SERVICES[serviceType].load(surroundings))(context),
      }),
  );
  return {
    started: Promise.all(hosts.map((host) => host.start())).then(() => undefined),
    finished: Promise.all(hosts.map(({ finished }) => finished)),
    stop: async () => {
      await Promise.all(hosts.map((host) => host.stop()));
    },
  };
}

/** The four levels that services log at, from the eight that the option knows. */
function hostLogLevel(level: LogLevel): 'debug' | 'info' | 'warning' | 'error' {
  switch (level) {
    case 'trace':
    case 'debug':
      return 'debug';
    case 'info':
    case 'notice':
      return 'info';
    case 'warning':
    case 'success':
      return 'warning';
    case 'error':
    case 'critical':
      return 'error';
  }
}
