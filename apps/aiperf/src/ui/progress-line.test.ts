import type { RunProgress } from '@aiperf/controller';
import { expect, test } from 'vitest';
import { renderProgress } from './progress-line.ts';

const counts = { sent: 300, completed: 240, failed: 10, cancelled: 0, lost: 0, inFlight: 50 };
const base: RunProgress = {
  stage: 'profiling',
  stageStartMs: 0,
  expectedRequests: 1000,
  expectedDurationSec: null,
  counts,
  recordErrors: 12,
  recordsProcessed: 200,
  recordsExpected: null,
};

test.for([
  [
    'requests with a count to reach',
    base,
    'Profiling █████░░░░░░░░░░░░░░░  25 % 250/1,000 requests  25.0 req/s  50 in flight  12 errors  ETA 00:30',
  ],
  [
    'requests for a time',
    { ...base, expectedRequests: null, expectedDurationSec: 20 },
    'Profiling ██████████░░░░░░░░░░  50 % 250 requests  25.0 req/s  50 in flight  12 errors  ETA 00:10',
  ],
  [
    'the limit that is nearer counts',
    { ...base, expectedDurationSec: 1000 },
    'Profiling █████░░░░░░░░░░░░░░░  25 % 250/1,000 requests  25.0 req/s  50 in flight  12 errors  ETA 00:30',
  ],
  [
    'no estimate before the first request has ended',
    { ...base, counts: { ...counts, completed: 0, failed: 0 } },
    'Profiling ░░░░░░░░░░░░░░░░░░░░   0 % 0/1,000 requests  0.0 req/s  50 in flight  12 errors  ETA --',
  ],
  [
    'records after the load',
    { ...base, stage: 'processing', recordsExpected: 250 },
    'Records   ████████████████░░░░  80 % 200/250 processed  00:10',
  ],
  ['the start', { ...base, stage: 'starting' }, 'Starting  00:10'],
] as const)('%s', ([, progress, line]) => {
  expect(renderProgress(progress, 10_000)).toBe(line);
});

test.for([
  [104, 'Profiling █████░░░░░░░░░░░░░░░  25 % 250/1,000 requests  25.0 req/s  50 in flight  12 errors  ETA 00:30'],
  [90, 'Profiling ██░░░░  25 % 250/1,000 requests  25.0 req/s  50 in flight  12 errors  ETA 00:30'],
  [80, 'Profiling  25 % 250/1,000  25.0 req/s  50 in flight  12 errors  ETA 00:30'],
] as const)('on a terminal of %i columns errors and time left are seen', ([columns, line]) => {
  expect(renderProgress(base, 10_000, columns)).toBe(line);
});
