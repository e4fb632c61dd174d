import { firstValueFrom, take, toArray } from 'rxjs';
import { expect, test } from 'vitest';
import type { ConnectedBus } from './bus.ts';
import { CommandClient } from './command-client.ts';
import type { ControlMessages } from './control-messages.ts';
import { startInprocNetwork, type InprocNetwork } from './inproc-network.test.fixture.ts';
import { receiveEach } from './receive-each.ts';
import { ServiceRegistry } from './registration.ts';
import { ServiceHost, type ServiceHostOptions } from './service-host.ts';
import type { Service, ServiceContext } from './service.ts';
import { zmqNetwork } from './zmq-network.ts';

interface TestMessages {
  greeting: { readonly text: string };
}

class RecordingService implements Service<string> {
  readonly calls: string[] = [];
  readonly context: ServiceContext<TestMessages>;

  constructor(context: ServiceContext<TestMessages>) {
    this.context = context;
  }

  configure(plan: string): Promise<unknown> {
    this.calls.push(`configure ${plan}`);
    return plan === 'bad' ? Promise.reject(new TypeError('a bad plan')) : Promise.resolve();
  }
  start(): Promise<unknown> {
    this.calls.push('start');
    return Promise.resolve({ answer: 42 });
  }
  cancel(): Promise<unknown> {
    this.calls.push('cancel');
    return Promise.resolve();
  }
  stop(): Promise<unknown> {
    this.calls.push(`stop ${this.context.stopSignal.aborted}`);
    return Promise.resolve();
  }
}

interface Fixture extends AsyncDisposable {
  readonly network: InprocNetwork;
  readonly bus: ConnectedBus<ControlMessages>;
  readonly registry: ServiceRegistry;
  readonly client: CommandClient;
  readonly host: ServiceHost<TestMessages, string>;
  readonly service: () => RecordingService;
}

async function createFixture(options: Partial<ServiceHostOptions<TestMessages, string>> = {}): Promise<Fixture> {
  const network = startInprocNetwork();
  const bus = await network.connect('system_controller');
  const registry = new ServiceRegistry({ bus });
  const client = await CommandClient.create({ bus, lost$: registry.lost$ });
  const services: RecordingService[] = [];
  const host = new ServiceHost<TestMessages, string>({
    network: zmqNetwork(network.plan),
    serviceId: 'worker_1',
    serviceType: 'worker',
    createService: (context) => {
      const service = new RecordingService(context);
      services.push(service);
      return service;
    },
    decodePlan: (text) => text.toLowerCase(),
    ...options,
  });
  return {
    network,
    bus,
    registry,
    client,
    host,
    service: () => services[0] ?? expect.unreachable('no service was made'),
    [Symbol.asyncDispose]: async () => {
      await host.stop();
      registry.close();
      network[Symbol.dispose]();
    },
  };
}

const toWorker = { targets: ['worker_1'], deadlineMs: 5_000 };

test('a service registers, answers its commands and passes through the states of its life', async () => {
  await using fixture = await createFixture();
  const { host, client, registry, bus } = fixture;
  const states = firstValueFrom(bus.messages$('status').pipe(take(5), toArray()));
  await bus.settle();
  await host.start();
  expect(registry.services).toMatchObject([{ serviceId: 'worker_1', serviceType: 'worker' }]);
  expect(await client.sendCommand('profile_configure', { ...toWorker, payload: 'PLAN' })).toEqual([
    { serviceId: 'worker_1', status: 'acknowledged' },
  ]);
  expect(await client.sendCommand('profile_start', toWorker)).toEqual([
    { serviceId: 'worker_1', status: 'success', data: { answer: 42 } },
  ]);
  await client.sendCommand('profile_cancel', toWorker);
  await client.sendCommand('shutdown', toWorker);
  await expect(host.finished).resolves.toEqual({ state: 'stopped' });
  expect(fixture.service().calls).toEqual(['configure plan', 'start', 'cancel', 'stop true']);
  expect((await states).map(({ state }) => state)).toEqual([
    'initialized',
    'starting',
    'running',
    'stopping',
    'stopped',
  ]);
  await registry.waitForStopped(['worker_1'], { deadlineMs: 5_000 });
});

test('a repeated command is acknowledged and not run again', async () => {
  await using fixture = await createFixture();
  const { bus, host } = fixture;
  await host.start();
  const answers = firstValueFrom(
    bus.messagesTo$({ serviceId: bus.serviceId }, 'command_response').pipe(take(2), toArray()),
  );
  const command = { command: 'profile_start', command_id: 'same' };
  bus.publishTo({ serviceType: 'worker' }, 'command', command);
  bus.publishTo({ serviceId: 'worker_1' }, 'command', command);
  expect((await answers).map(({ status }) => status).toSorted()).toEqual(['acknowledged', 'success']);
  expect(fixture.service().calls).toEqual(['start']);
});

test.for([
  ['a failing handler', 'profile_configure', 'bad', 'worker_1 a bad plan'],
  ['an unknown command', 'spawn_workers', '', 'worker_1 does not know the command'],
])('%s fails the command', async ([, command = '', payload = '', text = '']) => {
  await using fixture = await createFixture();
  await fixture.host.start();
  await expect(fixture.client.sendCommand(command, { ...toWorker, payload })).rejects.toMatchObject({
    code: 'AIPERF_COMMS_COMMAND_FAILED',
    message: `${command} failed: ${text}`,
  });
});

test('registration is repeated with the same command id until somebody acknowledges it', async () => {
  using network = startInprocNetwork();
  const bus = await network.connect('system_controller');
  const ids: string[] = [];
  bus.messagesTo$({ serviceType: 'system_controller' }, 'command').subscribe((command) => {
    ids.push(command.command_id);
    if (ids.length < 3) return;
    bus.publishTo({ serviceId: command.service_id }, 'command_response', { ...command, status: 'acknowledged' });
  });
  await bus.settle();
  const host = new ServiceHost<TestMessages, string>({
    network: zmqNetwork(network.plan),
    serviceId: 'worker_1',
    serviceType: 'worker',
    createService: (context) => new RecordingService(context),
    decodePlan: String,
    registrationWaitsMs: [1, 1, 5_000],
  });
  await host.start();
  expect(ids).toHaveLength(3);
  expect(new Set(ids).size).toBe(1);
  await host.stop();
});

test('without a controller the start fails by name, and the service is stopped', async () => {
  using network = startInprocNetwork();
  const services: RecordingService[] = [];
  const host = new ServiceHost<TestMessages, string>({
    network: zmqNetwork(network.plan),
    serviceId: 'worker_1',
    serviceType: 'worker',
    createService: (context) => {
      const service = new RecordingService(context);
      services.push(service);
      return service;
    },
    decodePlan: String,
    registrationWaitsMs: [1, 2],
  });
  await expect(host.start()).rejects.toThrow(
    'worker_1: the system_controller did not acknowledge the registration (2 attempts in 3 ms)',
  );
  expect(services[0]?.calls).toEqual(['stop true']);
  await expect(host.finished).resolves.toMatchObject({ state: 'failed', stage: 'register' });
});

test('a service that cannot be made fails the start and is reported with its stage', async () => {
  await using fixture = await createFixture({
    createService: () => {
      throw new Error('no tokenizer');
    },
  });
  const reported = firstValueFrom(fixture.bus.messages$('service_error'));
  await fixture.bus.settle();
  await expect(fixture.host.start()).rejects.toThrow('no tokenizer');
  await expect(reported).resolves.toMatchObject({
    service_id: 'worker_1',
    service_type: 'worker',
    stage: 'create',
    message: 'no tokenizer',
  });
});

test('a service that gives up is reported, ends the commands that wait for it, and is stopped', async () => {
  await using fixture = await createFixture();
  const { host, client, registry } = fixture;
  await host.start();
  await client.sendCommand('profile_start', toWorker);
  const lost = firstValueFrom(registry.lost$);
  fixture.service().context.fail(new Error('the disk is full'));
  fixture.service().context.fail(new Error('a second error'));
  await expect(lost).resolves.toEqual({ serviceId: 'worker_1', reason: 'failed at run: the disk is full' });
  await expect(host.finished).resolves.toMatchObject({ state: 'failed', stage: 'run' });
  expect(host.state).toBe('failed');
  await expect(client.sendCommand('profile_cancel', toWorker)).rejects.toMatchObject({
    code: 'AIPERF_COMMS_SERVICE_LOST',
    message: 'profile_cancel failed: worker_1 failed at run: the disk is full',
  });
});

test('a stream that fails ends the service, when it says so', async () => {
  await using fixture = await createFixture();
  const { host } = fixture;
  await host.start();
  const { context } = fixture.service();
  receiveEach(context.sockets.pull('records'), () => {
    throw new Error('not a batch');
  }).subscribe({ error: (error: Error) => context.fail(error) });
  await context.sockets.push('records').send([Buffer.from('x')]);
  await expect(host.finished).resolves.toMatchObject({ state: 'failed', error: new Error('not a batch') });
});

test('stopping twice stops once; a stop that fails makes the service failed', async () => {
  await using fixture = await createFixture({
    createService: (context) =>
      Object.assign(new RecordingService(context), { stop: () => Promise.reject(new Error('stuck')) }),
  });
  const { host } = fixture;
  await host.start();
  await Promise.all([host.stop(), host.stop()]);
  await expect(host.finished).resolves.toMatchObject({ state: 'failed', stage: 'stop', error: new Error('stuck') });
});

test('heartbeats carry state and the time of sending', async () => {
  await using fixture = await createFixture({ heartbeatIntervalMs: 2 });
  const beats = firstValueFrom(fixture.bus.messages$('heartbeat').pipe(take(3), toArray()));
  await fixture.bus.settle();
  await fixture.host.start();
  const received = await beats;
  expect(received.map(({ state, service_type: type }) => [type, state])).toEqual(
    Array.from({ length: 3 }, () => ['worker', 'running']),
  );
  expect(new Set(received.map(({ request_ns: sentNs }) => sentNs)).size).toBe(3);
});

test('log records below the level stay away, the others carry service, level and time', async () => {
  await using fixture = await createFixture({ logLevel: 'warning' });
  const lines = firstValueFrom(fixture.bus.messages$('log_record').pipe(take(2), toArray()));
  await fixture.bus.settle();
  await fixture.host.start();
  const { log } = fixture.service().context;
  log.debug('1');
  log.info('2');
  log.warning('3');
  log.error('4');
  const received = await lines;
  expect(received).toMatchObject([
    { service_id: 'worker_1', level: 'warning', message: '3' },
    { service_id: 'worker_1', level: 'error', message: '4' },
  ]);
  for (const { created } of received) expect(Math.abs(created - Date.now() / 1_000)).toBeLessThan(60);
});
