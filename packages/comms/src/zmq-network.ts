import type { AddressPlan } from './address.ts';
import { connectBus } from './bus.ts';
import { ZmqDataSockets } from './data-sockets.ts';
import type { Network } from './network.ts';

/** The network of a run whose proxies are bound at a plan's addresses. */
export function zmqNetwork(plan: AddressPlan): Network {
  return {
    connectBus: (options) => connectBus({ plan, ...options }),
    openSockets: (options) => new ZmqDataSockets({ plan, ...options }),
  };
}
