import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { keepCoresAwake } from './keep-cores-awake.ts';

const OPEN_FILES = '/proc/self/fd';

/** A file in the device's place: cores of the host are none of these tests' business. */
function fileForDevice(): string {
  const directory = mkdtempSync(join(tmpdir(), 'aiperf-cores-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const device = join(directory, 'cpu_dma_latency');
  writeFileSync(device, '');
  return device;
}

test('asks for a wake-up time of at most 2 µs, as a native integer', () => {
  const device = fileForDevice();
  const release = keepCoresAwake(device);
  const bytes = readFileSync(device);
  release?.();
  expect(bytes).toHaveLength(4);
  expect([0, 2]).toContain(new Int32Array(new Uint8Array(bytes).buffer)[0]);
});

test.skipIf(!existsSync(OPEN_FILES))('holds the device until told otherwise (needs /proc)', () => {
  const device = fileForDevice();
  const release = keepCoresAwake(device);
  const whileHeld = isOpen(device);
  release?.();
  expect([whileHeld, isOpen(device)]).toEqual([true, false]);
});

test('where the device is missing or not to be written to there is nothing to end', () => {
  expect(keepCoresAwake('/nonexistent/cpu_dma_latency')).toBeUndefined();
  expect(keepCoresAwake('/dev/full')).toBeUndefined();
});

/** Whether this process has the file open. */
function isOpen(path: string): boolean {
  return readdirSync(OPEN_FILES).some((handle) => {
    try {
      return readlinkSync(join(OPEN_FILES, handle)) === path;
    } catch {
      // The handle that listed them.
      return false;
    }
  });
}
