import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createAddressPlan, type AddressPlan } from './address.ts';
import { connectBus } from './bus.ts';
import { CommandClient } from './command-client.ts';
import type { ControlMessages } from './control-messages.ts';
import { startProxies } from './proxy.ts';
import { ServiceRegistry } from './registration.ts';

const entry = new URL('child-service.test.fixture.ts', import.meta.url);

interface Controller extends AsyncDisposable {
  readonly directory: string;
  readonly registry: ServiceRegistry;
  readonly client: CommandClient;
  readonly start: (serviceId: string) => ChildProcess;
}

async function startController(): Promise<Controller> {
  const directory = await mkdtemp(join(tmpdir(), 'aiperf-comms-'));
  const plan: AddressPlan = createAddressPlan({ kind: 'ipc', directory });
  const failures: Error[] = [];
  const proxies = startProxies(plan, (error) => failures.push(error));
  const bus = await connectBus<ControlMessages>({ plan, serviceId: 'system_controller' });
  const registry = new ServiceRegistry({ bus });
  const client = await CommandClient.create({ bus, lost$: registry.lost$ });
  const children: ChildProcess[] = [];
  return {
    directory,
    registry,
    client,
    start: (serviceId) => {
      const child = fork(entry, [JSON.stringify(plan), serviceId], { execArgv: ['-C', '@aiperf/source'] });
      child.on('exit', (code, signal) => {
        if (code !== 0) registry.markLost(serviceId, `its process ended with ${signal ?? `exit code ${code}`}`);
      });
      children.push(child);
      return child;
    },
    [Symbol.asyncDispose]: async () => {
      for (const child of children) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      registry.close();
      bus.close();
      proxies.close();
      expect(failures).toEqual([]);
      await rm(directory, { recursive: true });
    },
  };
}

const IDS = ['test_service_1', 'test_service_2'];

test('two processes register, are configured, started and shut down, and end by themselves', async () => {
  await using controller = await startController();
  const { registry, client } = controller;
  const children = IDS.map((id) => controller.start(id));
  const exits = children.map((child) => once(child, 'exit'));
  await registry.waitForServices(IDS, { deadlineMs: 15_000 });
  expect(registry.services.map(({ serviceId }) => serviceId).toSorted()).toEqual(IDS);

  const configured = await client.sendCommand('profile_configure', {
    targets: IDS,
    deadlineMs: 10_000,
    payload: 'the plan',
  });
  expect(configured).toEqual(IDS.map((serviceId) => ({ serviceId, status: 'acknowledged' })));
  const started = await client.sendCommand('profile_start', { targets: IDS, deadlineMs: 10_000 });
  expect(started.map(({ data }) => data)).toEqual(children.map(({ pid }) => ({ configured: 'the plan', pid })));

  await client.sendCommand('shutdown', { targets: IDS, deadlineMs: 10_000, waitForAll: true });
  await registry.waitForStopped(IDS, { deadlineMs: 10_000 });
  expect(await Promise.all(exits)).toEqual([
    [0, null],
    [0, null],
  ]);
});

test('a process that is killed fails the command that waits for it, by name, and keeps the other answers', async () => {
  await using controller = await startController();
  const { registry, client } = controller;
  const [killed] = IDS.map((id) => controller.start(id));
  await registry.waitForServices(IDS, { deadlineMs: 15_000 });
  // Stopped, so that it certainly has not answered when it is killed.
  killed?.kill('SIGSTOP');
  const command = client.sendCommand('profile_start', { targets: IDS, deadlineMs: 15_000, waitForAll: true });
  killed?.kill('SIGKILL');
  await expect(command).rejects.toMatchObject({
    code: 'AIPERF_COMMS_SERVICE_LOST',
    message: expect.stringMatching(/profile_start.*test_service_1.*SIGKILL/) as string,
    missing: ['test_service_1'],
    answers: [{ serviceId: 'test_service_2', status: 'success' }],
  });
  await expect(registry.waitForServices(IDS, { deadlineMs: 10_000 })).rejects.toMatchObject({
    code: 'AIPERF_COMMS_SERVICE_LOST',
    message: 'test_service_1 was lost while services were to register: its process ended with SIGKILL',
  });
});

test('a failing service answers with its error text', async () => {
  await using controller = await startController();
  controller.start('test_service_1');
  await controller.registry.waitForServices(['test_service_1'], { deadlineMs: 15_000 });
  await expect(
    controller.client.sendCommand('profile_configure', {
      targets: ['test_service_1'],
      deadlineMs: 10_000,
      payload: 'bad',
    }),
  ).rejects.toMatchObject({
    code: 'AIPERF_COMMS_COMMAND_FAILED',
    message: 'profile_configure failed: test_service_1 the plan is bad',
    answers: [{ serviceId: 'test_service_1', status: 'failure' }],
  });
  expect(await readdir(controller.directory)).toContain('event_bus_proxy_frontend.ipc');
});
