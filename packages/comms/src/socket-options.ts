import { context } from 'zeromq';
import type { AddressName } from './address.ts';

// Without this a process waits at its end for ever for messages that nobody will take.
context.blocky = false;

/** A kind of traffic, with its own bounds. */
export type Channel = 'bus' | 'dataset' | 'raw' | 'credits' | 'records';

/**
 * Messages that ZeroMQ may hold per connection and direction.
 * - bus: control messages are small and few; beyond this a subscriber that hangs loses messages instead of filling the memory.
 * - raw, records: messages are batches of up to a few MiB; a short queue keeps memory low and sends a batch to the receiver
 *   that is free rather than to the one with the longest queue.
 */
const HIGH_WATER_MARKS: Readonly<Record<Channel, number>> = {
  bus: 100_000,
  dataset: 1_000,
  raw: 8,
  credits: 10_000,
  records: 32,
};

/** How long a closed socket may go on handing out what it has already accepted. The process's end waits for it, so it is short. */
const LINGER_MS: Readonly<Record<Channel, number>> = {
  bus: 250,
  dataset: 250,
  raw: 2_000,
  credits: 250,
  records: 2_000,
};

/** The channel that a logical address belongs to. */
export function channelOf(name: AddressName): Channel {
  switch (name) {
    case 'event_bus_proxy_frontend':
    case 'event_bus_proxy_backend':
      return 'bus';
    case 'dataset_manager_proxy_frontend':
    case 'dataset_manager_proxy_backend':
      return 'dataset';
    case 'raw_inference_proxy_frontend':
    case 'raw_inference_proxy_backend':
      return 'raw';
    case 'credits':
    case 'records':
      return name;
  }
}

/** Options of every socket. They take effect only on connections made later, so they are given to the constructor. */
interface CommonOptions {
  readonly linger: number;
  readonly immediate: boolean;
  readonly reconnectInterval: number;
  readonly reconnectMaxInterval: number;
  readonly tcpKeepalive: number;
  readonly tcpKeepaliveIdle: number;
  readonly tcpKeepaliveInterval: number;
  readonly tcpKeepaliveCount: number;
}

interface SendOptions {
  readonly sendHighWaterMark: number;
}

interface ReceiveOptions {
  readonly receiveHighWaterMark: number;
}

function commonOptions(channel: Channel): CommonOptions {
  return {
    linger: LINGER_MS[channel],
    immediate: true,
    reconnectInterval: 20,
    reconnectMaxInterval: 1_000,
    tcpKeepalive: 1,
    tcpKeepaliveIdle: 60,
    tcpKeepaliveInterval: 10,
    tcpKeepaliveCount: 3,
  };
}

/** Options of a socket that only sends. */
export function sendOptions(channel: Channel): CommonOptions & SendOptions {
  return { ...commonOptions(channel), sendHighWaterMark: HIGH_WATER_MARKS[channel] };
}

/** Options of a socket that only receives. */
export function receiveOptions(channel: Channel): CommonOptions & ReceiveOptions {
  return { ...commonOptions(channel), receiveHighWaterMark: HIGH_WATER_MARKS[channel] };
}

/** Options of a socket that does both. */
export function duplexOptions(channel: Channel): CommonOptions & SendOptions & ReceiveOptions {
  return { ...sendOptions(channel), ...receiveOptions(channel) };
}
