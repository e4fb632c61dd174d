import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { createClock, createClockOrigin } from './clock.ts';

/** What the calibration may be off by, some times over. */
const TOLERANCE_NS = 1_000;

test('a clock reads the monotonic time of the host', () => {
  const origin = createClockOrigin();
  const runTime = (): number => Number(process.hrtime.bigint() - BigInt(origin.monotonicNs));
  for (let clocks = 0; clocks < 20; clocks += 1) {
    const clock = createClock(origin);
    for (let readings = 0; readings < 50; readings += 1) {
      const before = runTime();
      const now = clock.now();
      const after = runTime();
      expect(now).toBeGreaterThanOrEqual(before - TOLERANCE_NS);
      expect(now).toBeLessThanOrEqual(after + TOLERANCE_NS);
      expect(Number.isInteger(now)).toBe(true);
    }
  }
});

test('a thread that began later reads the same time', async () => {
  const origin = createClockOrigin();
  const clock = createClock(origin);
  const before = clock.now();
  const source = `
    import { parentPort, workerData } from 'node:worker_threads';
    import { createClock } from ${JSON.stringify(new URL('clock.ts', import.meta.url).href)};
    parentPort.postMessage(createClock(workerData).now());`;
  const thread = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), { workerData: origin });
  const inThread = await new Promise<number>((resolve, reject) => {
    thread.once('message', resolve);
    thread.once('error', reject);
  });
  await thread.terminate();
  expect(inThread).toBeGreaterThan(before);
  expect(inThread).toBeLessThan(clock.now());
});
