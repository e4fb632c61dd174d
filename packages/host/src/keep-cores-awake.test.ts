import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keepCoresAwake } from './keep-cores-awake.ts';

const OPEN_FILES = '/proc/self/fd';

test('asks for a wake-up time of at most 2 µs, as a native integer, and holds the device until told otherwise', () => {
  const directory = mkdtempSync(join(tmpdir(), 'aiperf-cores-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const device = join(directory, 'cpu_dma_latency');
  writeFileSync(device, '');
  const release = keepCoresAwake(device);
  const bytes = readFileSync(device);
  expect(bytes).toHaveLength(4);
  expect([0, 2]).toContain(new Int32Array(new Uint8Array(bytes).buffer)[0]);
  const whileHeld = isOpen(device);
  release?.();
  expect([whileHeld, isOpen(device)]).toEqual(existsSync(OPEN_FILES) ? [true, false] : [false, false]);
});

test('where the device is missing or not to be written to there is nothing to end', () => {
  expect(keepCoresAwake('/nonexistent/cpu_dma_latency')).toBeUndefined();
  expect(keepCoresAwake('/dev/full')).toBeUndefined();
});

test('the kernel takes the request, where this process may make one', () => {
  const release = keepCoresAwake();
  const latencyUs = release === undefined ? 0 : readKernelLatencyUs();
  release?.();
  expect(latencyUs).toBeLessThanOrEqual(2);
});

function readKernelLatencyUs(): number {
  const handle = openSync('/dev/cpu_dma_latency', 'r');
  const value = new Int32Array(1);
  readSync(handle, value);
  closeSync(handle);
  return value[0] ?? Number.NaN;
}

/** Whether this process has the file open; always false where there is no /proc. */
function isOpen(path: string): boolean {
  if (!existsSync(OPEN_FILES)) return false;
  return readdirSync(OPEN_FILES).some((handle) => {
    try {
      return readlinkSync(join(OPEN_FILES, handle)) === path;
    } catch {
      // The handle that listed them.
      return false;
    }
  });
}
