import { firstValueFrom, lastValueFrom } from 'rxjs';
import { XPublisher } from 'zeromq';
import { expect, test } from 'vitest';
import { createAddressPlan } from './address.ts';
import { connectBus } from './bus.ts';
import type { ControlMessages } from './control-messages.ts';
import { startInprocNetwork, unexpected } from './inproc-network.test.fixture.ts';
import { ZmqPublisher, ZmqSubscriber } from './pub-sub.ts';

test('one subscription a topic: it is made for the first listener and ended by the last', async () => {
  const publisher = new XPublisher({ verbosity: 'allSubsUnsubs', linger: 0 });
  await publisher.bind('inproc://bus-test-subscriptions');
  const subscriber = new ZmqSubscriber({ connect: 'inproc://bus-test-subscriptions' });
  const frame = async (): Promise<string> => String((await publisher.receive())[0]);
  const [first, second] = [subscriber.subscribe('status$'), subscriber.subscribe('status$')];
  first();
  second();
  subscriber.subscribe('heartbeat$');
  expect([await frame(), await frame(), await frame()]).toEqual(['\u0001status$', '\u0000status$', '\u0001heartbeat$']);
  subscriber.close();
  publisher.close();
});

test('a message to one service or type reaches it alone', async () => {
  using network = startInprocNetwork();
  const [a, b] = [await network.connect('worker_1'), await network.connect('worker_2')];
  const seen: string[] = [];
  const log = (name: string) => (message: { readonly command: string }) => seen.push(`${name} ${message.command}`);
  b.messages$('command').subscribe(log('all'));
  b.messagesTo$({ serviceId: 'worker_2' }, 'command').subscribe(log('id'));
  b.messagesTo$({ serviceType: 'worker' }, 'command').subscribe(log('type'));
  b.messagesTo$({ serviceId: 'worker_1' }, 'command').subscribe(log('other id'));
  b.messages$('command_response').subscribe(log('response'));
  await b.settle();
  const send = (command: string): { command: string; command_id: string } => ({ command, command_id: '1' });
  a.publish('command', send('one'));
  a.publishTo({ serviceId: 'worker_2' }, 'command', send('two'));
  a.publishTo({ serviceType: 'worker' }, 'command', send('three'));
  a.publishTo({ serviceType: 'work' }, 'command', send('four'));
  // Messages of one publisher arrive in order, so this one is the last.
  const last = firstValueFrom(b.messages$('status'));
  await b.settle();
  a.publish('status', { service_type: 'worker', state: 'running' });
  await last;
  expect(seen).toEqual(['all one', 'id two', 'type three']);
  expect(network.errors).toEqual([]);
});

test('a bus that does not come up is an error that names the service, both addresses and the time', async () => {
  const plan = createAddressPlan({ kind: 'inproc', name: 'bus-test-nobody' });
  await expect(connectBus({ plan, serviceId: 'worker_1', deadlineMs: 20 })).rejects.toMatchObject({
    code: 'AIPERF_COMMS_TIMEOUT',
    message: expect.stringMatching(
      /worker_1.*20 ms.*inproc:\/\/bus-test-nobody\/event_bus_proxy_frontend.*event_bus_proxy_backend/,
    ) as string,
  });
});

test('closing completes the streams, ends a wait and makes publishing harmless', async () => {
  using network = startInprocNetwork();
  const bus = await network.connect('worker_1');
  const heartbeats = lastValueFrom(bus.messages$('heartbeat'), { defaultValue: 'completed' });
  const settled = bus.settle();
  bus.close();
  await expect(heartbeats).resolves.toBe('completed');
  await expect(settled).rejects.toMatchObject({ code: 'AIPERF_COMMS_CLOSED' });
  await expect(bus.settle()).rejects.toMatchObject({ code: 'AIPERF_COMMS_CLOSED' });
  bus.publish('status', { service_type: 'worker', state: 'stopped' });
  await expect(lastValueFrom(bus.messages$('status'), { defaultValue: 'completed' })).resolves.toBe('completed');
});

test('a message that cannot be read is reported and the next one arrives', async () => {
  using network = startInprocNetwork();
  const bus = await network.connect('worker_1');
  const received = firstValueFrom(bus.messages$('status'));
  await bus.settle();
  const foreign = new ZmqPublisher({ connect: network.plan.connect.event_bus_proxy_frontend });
  const publish = (text: string): void => {
    foreign.publish('status$', Buffer.from(text), unexpected);
  };
  // A new publisher knows of the proxy's subscription some turns later: repeat until the first message comes through.
  while (network.errors.length === 0) {
    publish('{"message_type":');
    await new Promise((resolve) => setImmediate(resolve));
  }
  publish('{"message_type":"status","service_id":"x","state":"running","service_type":"worker"}');
  await expect(received).resolves.toMatchObject({ service_id: 'x', state: 'running' });
  expect(network.errors[0]).toMatchObject({ code: 'AIPERF_COMMS_DECODE' });
  foreign.close();
});

test('a body that is not JSON is refused where it is published', async () => {
  using network = startInprocNetwork();
  const bus = await network.connect('worker_1');
  expect(() => {
    bus.publish('command', { command: 1n, command_id: 'x' } as unknown as ControlMessages['command']);
  }).toThrow(/not JSON/);
});
