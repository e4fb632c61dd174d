import { MemoryNetwork } from '@aiperf/comms/memory';
import type { MetricsMessages } from '@aiperf/metrics';
import type { PhaseCounts, TimingMessages } from '@aiperf/timing';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ProgressTracker, type RunProgress } from './run-progress.ts';

const counts = (sent: number): PhaseCounts => ({
  sent,
  completed: 0,
  failed: 0,
  cancelled: 0,
  lost: 0,
  inFlight: sent,
});

test('messages are folded into progress, and who comes late begins with the latest', async () => {
  const bus = new MemoryNetwork().bus<TimingMessages & MetricsMessages>('system_controller');
  const tracker = new ProgressTracker();
  const seen: RunProgress[] = [];
  tracker.progress$.subscribe((progress) => seen.push(progress));
  tracker.listen(bus, (error) => expect.unreachable(error.message));
  const phase = { phase: 'profiling', phase_index: 0, phase_name: 'profiling' } as const;
  bus.publish('credit_phase_start', {
    ...phase,
    mode: 'concurrency',
    start_ns: 1,
    total_expected_requests: 9,
    total_expected_sessions: null,
    expected_duration_sec: null,
  });
  const sessions = { sessions: 4, sessionsInFlight: 4, sessionsEndedEarly: 0, neverSent: 0 };
  bus.publish('credit_phase_progress', { ...phase, ...counts(4), ...sessions });
  bus.publish('processing_stats', { processed: 3, errors: 1, total_expected: null });
  bus.publish('credits_complete', { was_cancelled: false });
  bus.publish('processing_stats', { processed: 9, errors: 2, total_expected: 9 });
  await turn();
  tracker.enter('exporting');
  tracker.enter('exporting');
  expect(seen.map(({ stage }) => stage)).toEqual([
    'starting',
    'profiling',
    'profiling',
    'profiling',
    'processing',
    'processing',
    'exporting',
    'exporting',
  ]);
  expect(seen[6]?.stageStartMs).toBe(seen[7]?.stageStartMs);
  const late: RunProgress[] = [];
  tracker.progress$.subscribe((progress) => late.push(progress));
  expect(late).toMatchObject([
    {
      stage: 'exporting',
      expectedRequests: 9,
      counts: { sent: 4 },
      recordErrors: 2,
      recordsProcessed: 9,
      recordsExpected: 9,
    },
  ]);
});
