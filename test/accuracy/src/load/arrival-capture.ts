import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/** Looks at the loopback interface while a client runs. */
export interface ArrivalCapture {
  /** Ends it: when the kernel received each request so far, in ns since the first one. */
  stop(): Promise<readonly number[]>;
}

/**
 * Stamps of the kernel for the requests that reach a port. A server stamps a request when its event loop reads it, after it has dealt
 * with the ones before; the kernel stamps it when it comes. `undefined`: there is no Python here, or it may not look (`CAP_NET_RAW`).
 */
export async function captureArrivals(url: string): Promise<ArrivalCapture | undefined> {
  const path = fileURLToPath(new URL('arrival_capture.py', import.meta.url));
  const child = spawn('python3', [path, new URL(url).port], { stdio: ['pipe', 'pipe', 'pipe'] });
  const errors = text(child.stderr);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const started = await Promise.race([
    lines.next().then(({ value }) => value === 'ready'),
    once(child, 'error').then(() => false),
  ]);
  if (!started) return undefined;
  return {
    stop: async () => {
      child.stdin.end();
      const { value } = await lines.next();
      if (value === undefined) throw new Error(`no arrivals were captured: ${await errors}`);
      return JSON.parse(value) as number[];
    },
  };
}
