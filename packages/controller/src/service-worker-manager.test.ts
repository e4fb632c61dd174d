import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createTestContext } from '@aiperf/comms/testing';
import type { RunPlan } from '@aiperf/config';
import { expect, test } from 'vitest';
import { createWorkerManager, type WorkerManagerMessages } from './service-worker-manager.ts';
import { WORKER_HEALTH_FILE } from './worker-health-log.ts';

type Health = WorkerManagerMessages['worker_health'];

const HEALTH: Health = {
  pid: 7,
  time_ns: 1_500_000_001,
  uptime_sec: 1.5,
  cpu_usage: 20,
  memory_usage: 90.5,
  heap_used_mib: 30,
  event_loop_delay_p50_ms: 0.2,
  event_loop_delay_p99_ms: 1.5,
  event_loop_delay_max_ms: null,
  event_loop_utilization: 0.25,
  gc_count: 3,
  gc_total_ms: 2.5,
  gc_max_ms: 1.25,
  sockets_open: 16,
  in_progress: 8,
  sessions: 12,
  completed: 100,
  failed: 1,
  pending_batches: 0,
};

interface Rig extends AsyncDisposable {
  readonly runDirectory: string;
  readonly logLines: readonly { readonly level: string; readonly message: string }[];
  readonly failures: readonly Error[];
  publish(workerId: string, health: Partial<Health>): Promise<void>;
  stop(): Promise<void>;
}

async function startManager(directoryName = ''): Promise<Rig> {
  const directory = await mkdtemp(join(tmpdir(), 'aiperf-worker-manager-'));
  const runDirectory = join(directory, directoryName);
  const manager = createTestContext<WorkerManagerMessages>({ serviceId: 'worker_manager' });
  const service = createWorkerManager()(manager.context);
  const plan: Partial<RunPlan> = {
    runDirectory,
    clockOrigin: { monotonicNs: '0', epochNs: '1764000000000000001' },
  };
  await service.configure(plan as RunPlan);
  await service.start();
  return {
    runDirectory,
    logLines: manager.logLines,
    failures: manager.failures,
    publish: async (workerId, health) => {
      manager.peer(workerId).context.bus.publish('worker_health', { ...HEALTH, ...health });
      await nextTurn();
    },
    stop: async () => {
      await service.stop();
    },
    async [Symbol.asyncDispose]() {
      manager.stop();
      await rm(directory, { recursive: true });
    },
  };
}

test('every health message is a line of the run directory', async () => {
  await using rig = await startManager();
  await rig.publish('worker_0', {});
  await rig.publish('worker_1', { time_ns: 2_500_000_002, completed: 200 });
  await rig.publish('worker_0', { time_ns: 2_500_000_003 });
  await rig.stop();
  const lines = (await readFile(join(rig.runDirectory, WORKER_HEALTH_FILE), 'utf8')).split('\n');
  expect(lines).toHaveLength(4);
  expect(lines[3]).toBe('');
  expect(lines[0]?.startsWith('{"timestamp_ns":1764000001500000002,"worker_id":"worker_0","pid":7,')).toBe(true);
  expect(lines[1]).toContain('"timestamp_ns":1764000002500000003,"worker_id":"worker_1"');
  const { time_ns: _timeNs, ...fields } = HEALTH;
  const { timestamp_ns: _timestampNs, ...first } = JSON.parse(lines[0] ?? '') as Record<string, unknown>;
  expect(first).toEqual({ worker_id: 'worker_0', ...fields });
  expect(JSON.parse(lines[1] ?? '')).toMatchObject({ worker_id: 'worker_1', completed: 200 });
  expect(rig.failures).toEqual([]);
});

test('a run whose health cannot be recorded goes on, and says so once', async () => {
  await using rig = await startManager('missing');
  for (let n = 0; n < 3; n++) await rig.publish('worker_0', {});
  await rig.stop();
  expect(rig.logLines.filter(({ level }) => level === 'warning')).toMatchObject([
    { message: expect.stringContaining('ENOENT') as string },
  ]);
  expect(rig.failures).toEqual([]);
});

test('a busy worker is named once', async () => {
  await using rig = await startManager();
  for (let n = 0; n < 3; n++) await rig.publish('worker_1', { cpu_usage: 91.6 });
  expect(rig.logLines.map(({ message }) => message)).toEqual([
    'worker_1 uses 92 % of a core; see send lag and slot turnaround for what it costs',
  ]);
  await rig.stop();
});

test('stopping a manager that was never configured is nothing', async () => {
  const manager = createTestContext<WorkerManagerMessages>();
  await expect(createWorkerManager()(manager.context).stop()).resolves.toBeUndefined();
  manager.stop();
});
