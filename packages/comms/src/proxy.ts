import { Dealer, Pull, Push, Router, XPublisher, XSubscriber } from 'zeromq';
import { ADDRESS_NAMES, type AddressName, type AddressPlan } from './address.ts';
import { attach } from './attach.ts';
import { toError } from './comms-error.ts';
import { receive, type Receivable } from './from-socket.ts';
import { duplexOptions, receiveOptions, sendOptions } from './socket-options.ts';

interface Sink {
  readonly closed: boolean;
  send(frames: Uint8Array[]): Promise<void>;
}

/** The three proxies of a run. */
export interface Proxies {
  /** The plan with wildcard ports resolved: what the other sockets connect to. */
  readonly plan: AddressPlan;
  /** The addresses are free again a moment later, so another run takes its own. */
  readonly close: () => void;
}

/**
 * Starts the event-bus (XSUB/XPUB), dataset (ROUTER/DEALER) and raw-inference (PULL/PUSH) proxies in this process.
 *
 * Messages are forwarded by hand on the event loop. libzmq's own proxy is 13 % faster on 64 KiB messages, but it occupies one of libuv's four
 * threads for each pair, which file access then lacks, and a process that ends without terminating it first hangs.
 *
 * `onError` hears of a proxy that has stopped; the run cannot go on then.
 */
export function startProxies(plan: AddressPlan, onError: (error: Error) => void): Proxies {
  const sockets: { close(): void }[] = [];
  const resolved: Partial<Record<AddressName, string>> = {};

  const report = (error: unknown): void => {
    onError(toError(error));
  };

  const open = <S extends Parameters<typeof attach>[0]>(name: AddressName, socket: S): S => {
    resolved[name] = attach(socket, { bind: plan.bind[name] });
    sockets.push(socket);
    return socket;
  };
  const forward = (from: Receivable, to: Sink): void => {
    pump(from, to).catch(report);
  };
  // Closed, never unbound: unbinding uses the socket on another thread while this one still polls it, and libzmq then aborts.
  const close = (): void => {
    for (const socket of sockets) socket.close();
  };

  try {
    startEventBus(open, forward, report);
    startDataset(open, forward);
    const pull = open('raw_inference_proxy_frontend', new Pull(receiveOptions('raw')));
    const push = open('raw_inference_proxy_backend', new Push(sendOptions('raw')));
    forward(pull, push);
  } catch (error) {
    close();
    throw error;
  }
  return { plan: withResolved(plan, resolved), close };
}

type Open = <S extends Parameters<typeof attach>[0]>(name: AddressName, socket: S) => S;
type Forward = (from: Receivable, to: Sink) => void;

function startEventBus(open: Open, forward: Forward, report: (error: unknown) => void): void {
  const front = open('event_bus_proxy_frontend', new XSubscriber(duplexOptions('bus')));
  const back = open('event_bus_proxy_backend', new XPublisher({ ...duplexOptions('bus'), verbosity: 'allSubs' }));
  // The front takes everything, so that a publisher never filters: a new subscription is live as soon as the back knows it, and no
  // publisher can lag behind it. Subscription frames therefore end here.
  front.send(Buffer.of(1)).catch(report);
  forward(front, back);
  forward(back, { closed: false, send: () => Promise.resolve() });
}

function startDataset(open: Open, forward: Forward): void {
  const front = open('dataset_manager_proxy_frontend', new Router(duplexOptions('dataset')));
  // No routing id here: it would replace the client's in the reply's envelope.
  const back = open('dataset_manager_proxy_backend', new Dealer(duplexOptions('dataset')));
  forward(front, back);
  forward(back, front);
}

async function pump(from: Receivable, to: Sink): Promise<void> {
  for (;;) {
    const frames = await receive(from);
    if (frames === undefined) return;
    try {
      await to.send([...frames]);
    } catch (error) {
      if (to.closed) return;
      throw error;
    }
  }
}

function withResolved(plan: AddressPlan, resolved: Partial<Record<AddressName, string>>): AddressPlan {
  const connect = { ...plan.connect };
  for (const name of ADDRESS_NAMES) {
    const endpoint = resolved[name];
    // A wildcard host is listened on, not connected to, so only a wildcard port changes the plan.
    if (endpoint !== undefined && /:(\*|0)$/.test(plan.connect[name])) connect[name] = endpoint;
  }
  return { ...plan, connect };
}
