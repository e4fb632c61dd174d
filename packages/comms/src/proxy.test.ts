import { expect, test } from 'vitest';
import { createAddressPlan } from './address.ts';
import { unexpected } from './inproc-network.test.fixture.ts';
import { startProxies } from './proxy.ts';
import { ZmqPull, ZmqPush } from './push-pull.ts';

test('an address in use is an error that names it, and nothing stays bound', () => {
  const plan = createAddressPlan({ kind: 'inproc', name: 'proxy-test' });
  const pull = new ZmqPull('raw', { bind: plan.bind.raw_inference_proxy_backend }, unexpected);
  expect(() => startProxies(plan, unexpected)).toThrow(
    /Cannot listen at inproc:\/\/proxy-test\/raw_inference_proxy_backend/,
  );
  pull.close();
  const proxies = startProxies(plan, unexpected);
  proxies.close();
  expect(() => startProxies(plan, unexpected).close()).not.toThrow();
});

test('ports left to the system are filled in, and the plan then works', async () => {
  const { bind } = createAddressPlan({ kind: 'tcp', host: '127.0.0.1' });
  const anyPort = Object.fromEntries(Object.keys(bind).map((name) => [name, 'tcp://127.0.0.1:*'])) as typeof bind;
  const proxies = startProxies({ kind: 'tcp', bind: anyPort, connect: anyPort }, unexpected);
  const { connect } = proxies.plan;
  expect(connect.event_bus_proxy_frontend).toMatch(/^tcp:\/\/127\.0\.0\.1:\d+$/);
  const push = new ZmqPush('raw', { connect: connect.raw_inference_proxy_frontend });
  const pull = new ZmqPull('raw', { connect: connect.raw_inference_proxy_backend }, unexpected);
  const received = new Promise<string>((resolve) => {
    pull.receive(([frame]) => {
      resolve(Buffer.from(frame ?? []).toString());
    });
  });
  await push.send([Buffer.from('through')]);
  await expect(received).resolves.toBe('through');
  expect(() => {
    pull.receive(() => {});
  }).toThrow(/already has a handler/);
  push.close();
  pull.close();
  proxies.close();
});
