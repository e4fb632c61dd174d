import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { CommsError } from './comms-error.ts';

/** Logical names of the run's endpoints, as in the project's seeds; `credits` is the ROUTER that replaces the pair 5562/5563. */
export const ADDRESS_NAMES = [
  'event_bus_proxy_frontend',
  'event_bus_proxy_backend',
  'dataset_manager_proxy_frontend',
  'dataset_manager_proxy_backend',
  'raw_inference_proxy_frontend',
  'raw_inference_proxy_backend',
  'credits',
  'records',
] as const;
export type AddressName = (typeof ADDRESS_NAMES)[number];

const TCP_PORTS: Readonly<Record<AddressName, number>> = {
  event_bus_proxy_frontend: 5663,
  event_bus_proxy_backend: 5664,
  dataset_manager_proxy_frontend: 5661,
  dataset_manager_proxy_backend: 5662,
  raw_inference_proxy_frontend: 5665,
  raw_inference_proxy_backend: 5666,
  credits: 5564,
  records: 5557,
};

/** `records` keeps the file name that the seeds give it; every other file is named after its address. */
const ipcFileName = (name: AddressName): string => (name === 'records' ? 'records_push_pull.ipc' : `${name}.ipc`);

/** `sun_path` holds 108 bytes on Linux and 104 on macOS, terminator included; libzmq cuts some of it off. */
const MAX_IPC_PATH_BYTES = 100;

/** Where the endpoints of a run shall be. */
export type AddressOptions =
  | {
      readonly kind: 'ipc';
      /** Absolute path of an existing directory that only this run uses. */
      readonly directory: string;
    }
  | {
      readonly kind: 'tcp';
      /** Address that the binding side listens on and the others connect to; a wildcard is connected to over loopback. */
      readonly host: string;
      /** Added to every documented port. Default 0. */
      readonly portOffset?: number;
      /** Accepts a host that is not loopback, although the sockets are neither encrypted nor authenticated. Default false. */
      readonly insecureBus?: boolean;
    }
  | {
      readonly kind: 'inproc';
      /** Prefix that keeps two plans of one process apart. */
      readonly name: string;
    };

/** Endpoint of every logical name. Plain JSON: it is sent to the run's other processes. */
export interface AddressPlan {
  readonly kind: AddressOptions['kind'];
  readonly bind: Readonly<Record<AddressName, string>>;
  readonly connect: Readonly<Record<AddressName, string>>;
}

/** Lays out the endpoints of one run; throws `AIPERF_COMMS_ADDRESS` for a place that cannot work or must not be used. */
export function createAddressPlan(options: AddressOptions): AddressPlan {
  switch (options.kind) {
    case 'ipc':
      return samePlan('ipc', (name) => ipcEndpoint(options.directory, name));
    case 'inproc':
      return samePlan('inproc', (name) => `inproc://${options.name}/${name}`);
    case 'tcp':
      return tcpPlan(options.host, options.portOffset ?? 0, options.insecureBus ?? false);
  }
}

function ipcEndpoint(directory: string, name: AddressName): string {
  const path = join(directory, ipcFileName(name));
  const lengthBytes = Buffer.byteLength(path);
  if (lengthBytes > MAX_IPC_PATH_BYTES) {
    throw new CommsError(
      'AIPERF_COMMS_ADDRESS',
      `The IPC path ${path} has ${lengthBytes} bytes; the system allows ${MAX_IPC_PATH_BYTES}. Use a shorter directory (--zmq-ipc-path) or TCP (--zmq-host).`,
    );
  }
  return `ipc://${path}`;
}

function tcpPlan(host: string, portOffset: number, insecureBus: boolean): AddressPlan {
  if (!insecureBus && !isLoopback(host)) {
    throw new CommsError(
      'AIPERF_COMMS_ADDRESS',
      `The bus host ${host} is not a loopback address, and the bus is neither encrypted nor authenticated. Use 127.0.0.1, or accept the risk with --insecure-bus.`,
    );
  }
  const highestPort = Math.max(...Object.values(TCP_PORTS)) + portOffset;
  const lowestPort = Math.min(...Object.values(TCP_PORTS)) + portOffset;
  if (!Number.isSafeInteger(portOffset) || lowestPort < 1 || highestPort > 65_535) {
    throw new CommsError(
      'AIPERF_COMMS_ADDRESS',
      `The port offset ${portOffset} gives ports from ${lowestPort} to ${highestPort}; whole numbers from 1 to 65535 are expected (--zmq-port-offset).`,
    );
  }
  const endpoint = (at: string) => (name: AddressName) => `tcp://${bracketed(at)}:${TCP_PORTS[name] + portOffset}`;
  return {
    kind: 'tcp',
    bind: endpoints(endpoint(host)),
    connect: endpoints(endpoint(connectHost(host))),
  };
}

/** A wildcard is a place to listen, not one to connect to. */
function connectHost(host: string): string {
  if (host === '0.0.0.0' || host === '*') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

const bracketed = (host: string): string => (isIPv6(host) ? `[${host}]` : host);

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host);
}

function samePlan(kind: AddressPlan['kind'], endpoint: (name: AddressName) => string): AddressPlan {
  const all = endpoints(endpoint);
  return { kind, bind: all, connect: all };
}

function endpoints(endpoint: (name: AddressName) => string): Record<AddressName, string> {
  return Object.fromEntries(ADDRESS_NAMES.map((name) => [name, endpoint(name)])) as Record<AddressName, string>;
}
