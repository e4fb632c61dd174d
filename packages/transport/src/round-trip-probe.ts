import { lookup } from 'node:dns/promises';
import { connect, isIP } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A handshake that takes longer says nothing about the round trip any more. */
const HANDSHAKE_TIMEOUT_MS = 5000;
const NS_PER_MS = 1e6;
/** Handshakes of one sample, of which the shortest counts: the others may have waited for this process rather than for the network. */
const HANDSHAKES_A_SAMPLE = 5;

/** The round trip to a server in nanoseconds, from TCP handshakes that are closed at once; rejects when there is none. */
export async function measureRoundTripNs(url: URL, signal: AbortSignal): Promise<number> {
  const host = url.hostname.replace(/^\[|\]$/gu, '');
  // The look-up of a name is no part of the round trip.
  const address = isIP(host) === 0 ? (await lookup(host)).address : host;
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
  let shortestNs = Number.POSITIVE_INFINITY;
  for (let count = 0; count < HANDSHAKES_A_SAMPLE; count += 1) {
    shortestNs = Math.min(shortestNs, await handshakeNs(address, port, signal));
  }
  return shortestNs;
}

function handshakeNs(address: string, port: number, signal: AbortSignal): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const startMs = performance.now();
  const socket = connect({ host: address, port, noDelay: true, signal });
  socket.setTimeout(HANDSHAKE_TIMEOUT_MS, () =>
    socket.destroy(new Error(`no handshake in ${HANDSHAKE_TIMEOUT_MS} ms`)),
  );
  socket.once('connect', () => {
    resolve((performance.now() - startMs) * NS_PER_MS);
    socket.destroy();
  });
  socket.once('error', reject);
  return promise;
}

/** Round trips measured while something else goes on. */
export interface RoundTripProbe {
  /** In nanoseconds, in the order of measuring. */
  readonly samplesNs: readonly number[];
  /** Why the last handshake that failed did; absent: none did. */
  readonly lastFailure: string | undefined;
  /** Resolves when nothing is measured any more. A first handshake that is under way is waited for. */
  stop(): Promise<void>;
}

/** Measures the round trip to each of the servers now and then every `intervalMs`, until it is stopped. */
export function startRoundTripProbe(urls: readonly string[], intervalMs: number): RoundTripProbe {
  const samplesNs: number[] = [];
  const stopping = new AbortController();
  const handshakes = new AbortController();
  let lastFailure: string | undefined;
  const measureAll = async (): Promise<void> => {
    for (const url of urls) {
      try {
        samplesNs.push(await measureRoundTripNs(new URL(url), handshakes.signal));
      } catch (error) {
        lastFailure = error instanceof Error ? error.message : String(error);
      }
    }
  };
  const run = async (): Promise<void> => {
    await measureAll();
    while (!stopping.signal.aborted) {
      try {
        await sleep(intervalMs, undefined, { ref: false, signal: stopping.signal });
      } catch {
        // Stopped.
        return;
      }
      await measureAll();
    }
  };
  const done = run();
  return {
    samplesNs,
    get lastFailure() {
      return lastFailure;
    },
    stop: async () => {
      stopping.abort();
      if (samplesNs.length > 0) handshakes.abort();
      await done;
    },
  };
}
