import { expect, test } from 'vitest';
import { startInprocNetwork } from './inproc-network.test.fixture.ts';
import { ServiceRegistry } from './registration.ts';

const register = (serviceType: string) =>
  ({ command: 'register_service', command_id: 'id', service_type: serviceType, state: 'starting' }) as const;

test('waiting names the services that did not come', async () => {
  using network = startInprocNetwork();
  const bus = await network.connect('system_controller');
  const registry = new ServiceRegistry({ bus });
  await bus.settle();
  const worker = await network.connect('worker_1');
  worker.publishTo({ serviceType: 'system_controller' }, 'command', register('worker'));
  await registry.waitForServices(['worker_1'], { deadlineMs: 5_000 });
  await expect(
    registry.waitForServices(['worker_1', 'worker_2', 'worker_3'], { deadlineMs: 10 }),
  ).rejects.toMatchObject({
    code: 'AIPERF_COMMS_TIMEOUT',
    message: 'worker_2, worker_3 did not register within 10 ms',
  });
  const waiting = registry.waitForServices(['worker_2'], { deadlineMs: 10_000 });
  registry.markLost('worker_2', 'its process ended with exit code 1');
  registry.markLost('worker_2', 'told twice');
  await expect(waiting).rejects.toMatchObject({
    code: 'AIPERF_COMMS_SERVICE_LOST',
    message: 'worker_2 was lost while services were to register: its process ended with exit code 1',
  });
  await registry.waitForStopped(['worker_2'], { deadlineMs: 5_000 });
  const closed = registry.waitForStopped(['worker_1'], { deadlineMs: 10_000 });
  registry.close();
  await expect(closed).rejects.toMatchObject({ code: 'AIPERF_COMMS_CLOSED' });
});

test('a running service that is not heard of is dead; a heartbeat brings it back; strangers are ignored', async () => {
  using network = startInprocNetwork();
  const bus = await network.connect('system_controller');
  let nowMs = 0;
  const registry = new ServiceRegistry({ bus, heartbeatTimeoutMs: 1_000, nowMs: () => nowMs });
  await bus.settle();
  const [worker, stranger] = [await network.connect('worker_1'), await network.connect('stranger')];
  worker.publishTo({ serviceType: 'system_controller' }, 'command', register('worker'));
  worker.publish('status', { service_type: 'worker', state: 'running' });
  await expect.poll(() => registry.services).toMatchObject([{ state: 'running', lastSeenMs: 0 }]);
  nowMs = 1_000;
  expect(registry.deadServices()).toEqual([]);
  nowMs = 1_001;
  expect(registry.deadServices()).toMatchObject([{ serviceId: 'worker_1' }]);
  stranger.publish('heartbeat', { service_type: 'worker', state: 'running' });
  worker.publish('heartbeat', { service_type: 'worker', state: 'running' });
  await expect.poll(() => registry.deadServices()).toEqual([]);
  expect(registry.services.map(({ serviceId }) => serviceId)).toEqual(['worker_1']);
  registry.close();
});
