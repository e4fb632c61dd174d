import { createAddressPlan, type AddressPlan } from './address.ts';
import { connectBus, type ConnectedBus } from './bus.ts';
import type { ControlMessages } from './control-messages.ts';
import { startProxies } from './proxy.ts';

/** Stands in for an error handler that must not be called. */
export function unexpected(error: unknown): never {
  throw error instanceof Error ? error : new Error(String(error));
}

/** Real sockets within the test's process. */
export interface InprocNetwork extends Disposable {
  readonly plan: AddressPlan;
  readonly connect: (serviceId: string) => Promise<ConnectedBus<ControlMessages>>;
  /** Errors of proxies and buses. */
  readonly errors: readonly Error[];
}

let count = 0;

/** Starts the proxies of a network of its own; disposing it closes them and every bus made by it. */
export function startInprocNetwork(): InprocNetwork {
  count += 1;
  const plan = createAddressPlan({ kind: 'inproc', name: `network-${count}` });
  const errors: Error[] = [];
  const onError = (error: Error): void => {
    errors.push(error);
  };
  const proxies = startProxies(plan, onError);
  const buses: ConnectedBus<ControlMessages>[] = [];
  return {
    plan,
    errors,
    connect: async (serviceId) => {
      const bus = await connectBus<ControlMessages>({ plan, serviceId, onError });
      buses.push(bus);
      return bus;
    },
    [Symbol.dispose]: () => {
      for (const bus of buses) bus.close();
      proxies.close();
    },
  };
}
