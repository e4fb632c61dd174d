import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

/**
 * Stamps of the kernel for the requests that reach a port, while a client runs. A server stamps a request when its event loop reads it, after
 * it has dealt with the ones before; the kernel stamps it when it comes.
 */
export class ArrivalCapture implements Disposable {
  #child: ChildProcessWithoutNullStreams | undefined;
  #answer: (() => Promise<readonly number[]>) | undefined;

  /** Does nothing where there is no Python, or where it may not look (`CAP_NET_RAW`). */
  async start(url: string): Promise<void> {
    const path = fileURLToPath(new URL('arrival_capture.py', import.meta.url));
    const child = spawn('python3', [path, new URL(url).port]);
    this.#child = child;
    const errors = text(child.stderr);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const isReady = await Promise.race([
      lines.next().then(({ value }) => value === 'ready'),
      once(child, 'error').then(() => false),
    ]);
    if (!isReady) return;
    this.#answer = async () => {
      const { value } = await lines.next();
      if (value === undefined) throw new Error(`no arrivals were captured: ${await errors}`);
      return JSON.parse(value) as number[];
    };
  }

  /** When the kernel received each request so far, in ns since the first one; `undefined`: it could not be seen here. */
  async stop(): Promise<readonly number[] | undefined> {
    this.#child?.stdin.end();
    return await this.#answer?.();
  }

  [Symbol.dispose](): void {
    this.#child?.kill();
  }
}
