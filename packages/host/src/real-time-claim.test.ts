import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { claimRealTime } from './real-time-claim.ts';

let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'aiperf-claim-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

test('one run has the class at a time, and another one after it', () => {
  const release = claimRealTime('run-1', directory);
  expect(release).toBeDefined();
  expect(claimRealTime('run-2', directory)).toBeUndefined();
  release?.();
  const next = claimRealTime('run-2', directory);
  expect(next).toBeDefined();
  next?.();
  expect(readdirSync(directory)).toEqual([]);
});

test('processes of one run share it', () => {
  writeFileSync(join(directory, `aiperf-real-time-run-1-${process.ppid}`), '');
  expect(claimRealTime('run-1', directory)).toBeDefined();
  expect(claimRealTime('run-2', directory)).toBeUndefined();
});

test('what a process that has died left behind counts no more', () => {
  // Above the largest number that Linux gives a process.
  writeFileSync(join(directory, 'aiperf-real-time-run-1-4194305'), '');
  expect(claimRealTime('run-2', directory)).toBeDefined();
});

test('a folder that cannot be written to: nothing is claimed', () => {
  expect(claimRealTime('run-1', join(directory, 'missing'))).toBeUndefined();
});
