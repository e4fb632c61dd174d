import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { CommsError } from './comms-error.ts';
import { unexpected } from './inproc-network.test.fixture.ts';
import { SpoolFile } from './spool-file.ts';
import { SpoolingPush, type SpoolTarget, type SpoolingPushOptions } from './spooling-push.ts';

interface Directory extends AsyncDisposable {
  readonly path: string;
}

async function createDirectory(): Promise<Directory> {
  const path = await mkdtemp(join(tmpdir(), 'aiperf-spool-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** A receiver that takes nothing until it is opened. */
class Gate implements SpoolTarget {
  readonly received: Uint8Array[][] = [];
  readonly #opened = Promise.withResolvers<void>();

  open(): void {
    this.#opened.resolve();
  }

  async send(frames: readonly Uint8Array[]): Promise<void> {
    await this.#opened.promise;
    this.received.push([...frames]);
  }

  close(): void {
    this.#opened.reject(new CommsError('AIPERF_COMMS_CLOSED', 'closed'));
    // A gate that was never waited for.
    this.#opened.promise.catch(() => {});
  }
}

const small = (directory: string, onError: (error: Error) => void): SpoolingPushOptions => ({
  directory,
  name: 'worker_1-raw',
  maxMemoryMessages: 4,
  maxMemoryBytes: 4_096,
  segmentBytes: 2_048,
  onError,
});

const message = (index: number, lengthBytes = 100): Uint8Array[] => [
  Buffer.from(String(index)),
  Buffer.alloc(lengthBytes, index),
];
const numbers = (gate: Gate): number[] => gate.received.map(([first]) => Number(Buffer.from(first ?? []).toString()));

async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setImmediate(resolve));
}

test('what a stalled receiver does not take goes to disk, and arrives complete and in order', async () => {
  await using directory = await createDirectory();
  const gate = new Gate();
  const push = new SpoolingPush(gate, small(directory.path, unexpected));
  for (let index = 0; index < 200; index += 1) push.post(message(index));
  expect(push.pendingCount).toBe(200);
  await until(async () => (await spooledBytes(directory.path)) > 195 * 100);
  for (let index = 200; index < 400; index += 1) push.post(message(index));
  gate.open();
  for (let index = 400; index < 500; index += 1) push.post(message(index));
  await push.drain();
  expect(numbers(gate)).toEqual(Array.from({ length: 500 }, (_, index) => index));
  expect(gate.received.map(([, body]) => body)).toEqual(gate.received.map((_, index) => Buffer.alloc(100, index)));
  expect(push.pendingCount).toBe(0);
  expect(await readdir(directory.path)).toEqual([]);
  await push.close();
});

test('a receiver that keeps up needs no file', async () => {
  await using directory = await createDirectory();
  const gate = new Gate();
  gate.open();
  const push = new SpoolingPush(gate, { ...small(directory.path, unexpected), directory: '/nonexistent' });
  for (let index = 0; index < 50; index += 1) {
    push.post(message(index));
    await push.drain();
  }
  expect(numbers(gate)).toHaveLength(50);
  await push.close();
});

test('messages longer than every bound pass', async () => {
  await using directory = await createDirectory();
  const gate = new Gate();
  const push = new SpoolingPush(gate, small(directory.path, unexpected));
  for (let index = 0; index < 5; index += 1) push.post(message(index, 3 << 20));
  gate.open();
  await push.drain();
  expect(numbers(gate)).toEqual([0, 1, 2, 3, 4]);
  expect(gate.received.map(([, body]) => body?.byteLength)).toEqual(Array.from({ length: 5 }, () => 3 << 20));
  await push.close();
});

test('closing gives up what is pending, says so to who waits, and leaves no file', async () => {
  await using directory = await createDirectory();
  const push = new SpoolingPush(new Gate(), small(directory.path, unexpected));
  for (let index = 0; index < 100; index += 1) push.post(message(index));
  await until(async () => (await spooledBytes(directory.path)) > 0);
  const drained = push.drain();
  const closed = push.close();
  await expect(drained).rejects.toMatchObject({ code: 'AIPERF_COMMS_CLOSED' });
  await closed;
  expect(await readdir(directory.path)).toEqual([]);
  expect(() => push.post(message(1))).toThrow(/closed/);
});

test('a spool that cannot be written is reported with the number of lost messages', async () => {
  const errors: Error[] = [];
  const options = small('/nonexistent', (error) => errors.push(error));
  const push = new SpoolingPush(new Gate(), options);
  for (let index = 0; index < 10; index += 1) push.post(message(index));
  await until(() => Promise.resolve(errors.length > 0));
  expect(errors[0]).toMatchObject({ code: 'AIPERF_COMMS_SPOOL', message: expect.stringMatching(/^10 messages/) });
  await expect(push.drain()).rejects.toBe(errors[0]);
  await push.close();
});

test('any interleaving of appends and reads keeps the order over any segments', async () => {
  await using directory = await createDirectory();
  const step = fc.oneof(
    fc.array(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 3 }), { minLength: 1, maxLength: 5 }),
    fc.constant(undefined),
  );
  let runCount = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { maxLength: 12 }),
      fc.integer({ min: 1, max: 200 }),
      async (steps, segmentBytes) => {
        runCount += 1;
        const spool = new SpoolFile(directory.path, `run-${runCount}`, segmentBytes);
        const read: Uint8Array[][] = [];
        for (const messages of steps) {
          if (messages === undefined) read.push(...(await spool.read()));
          else await spool.append(messages);
        }
        for (;;) {
          const rest = await spool.read();
          if (rest.length === 0) break;
          read.push(...rest);
        }
        await spool.remove();
        const plain = (all: Uint8Array[][]): number[][][] => all.map((frames) => frames.map((frame) => [...frame]));
        expect(plain(read)).toEqual(plain(steps.flatMap((messages) => messages ?? [])));
        expect(await readdir(directory.path)).toEqual([]);
      },
    ),
    { seed: 7, numRuns: 60 },
  );
});

async function spooledBytes(directory: string): Promise<number> {
  const names = await readdir(directory);
  const sizes = await Promise.all(
    names.map(async (name) => {
      // A segment may be removed meanwhile.
      const info = await stat(join(directory, name)).catch(() => undefined);
      return info?.size ?? 0;
    }),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}
