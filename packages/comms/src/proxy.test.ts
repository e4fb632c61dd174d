import { firstValueFrom } from 'rxjs';
import { expect, test } from 'vitest';
import { createAddressPlan } from './address.ts';
import { unexpected } from './inproc-network.test.fixture.ts';
import { startProxies } from './proxy.ts';
import { ZmqPull, ZmqPush } from './push-pull.ts';
import { receiveEach } from './receive-each.ts';

test('an address in use is an error that names it, and nothing stays bound', async () => {
  const plan = createAddressPlan({ kind: 'inproc', name: 'proxy-test' });
  const occupied = { ...plan.bind, raw_inference_proxy_frontend: 'inproc://proxy-test/occupied' };
  const pull = new ZmqPull('raw', { bind: 'inproc://proxy-test/occupied' });
  expect(() => startProxies({ ...plan, bind: occupied }, unexpected)).toThrow(
    expect.objectContaining({
      code: 'AIPERF_COMMS_BIND',
      message: 'Cannot listen at inproc://proxy-test/occupied: Address already in use',
    }) as Error,
  );
  pull.close();
  // A closed socket gives its address back in the background.
  await expect.poll(() => startProxies(plan, unexpected).close()).toBeUndefined();
});

test('ports left to the system are filled in, and the plan then works', async () => {
  const { bind } = createAddressPlan({ kind: 'tcp', host: '127.0.0.1' });
  const anyPort = Object.fromEntries(Object.keys(bind).map((name) => [name, 'tcp://127.0.0.1:*'])) as typeof bind;
  const proxies = startProxies({ kind: 'tcp', bind: anyPort, connect: anyPort }, unexpected);
  const { connect } = proxies.plan;
  expect(connect.event_bus_proxy_frontend).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
  const push = new ZmqPush('raw', { connect: connect.raw_inference_proxy_frontend });
  const pull = new ZmqPull('raw', { connect: connect.raw_inference_proxy_backend });
  const received = firstValueFrom(receiveEach(pull, ([frame]) => Buffer.from(frame ?? []).toString()));
  await push.send([Buffer.from('through')]);
  await expect(received).resolves.toBe('through');
  push.close();
  pull.close();
  proxies.close();
});
