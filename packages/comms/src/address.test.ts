import { describe, expect, test } from 'vitest';
import { ADDRESS_NAMES, createAddressPlan } from './address.ts';
import { CommsError } from './comms-error.ts';

describe('a plan of addresses', () => {
  test('over IPC has the documented file names', () => {
    const plan = createAddressPlan({ kind: 'ipc', directory: '/tmp/run' });
    expect(plan.connect).toEqual({
      event_bus_proxy_frontend: 'ipc:///tmp/run/event_bus_proxy_frontend.ipc',
      event_bus_proxy_backend: 'ipc:///tmp/run/event_bus_proxy_backend.ipc',
      dataset_manager_proxy_frontend: 'ipc:///tmp/run/dataset_manager_proxy_frontend.ipc',
      dataset_manager_proxy_backend: 'ipc:///tmp/run/dataset_manager_proxy_backend.ipc',
      raw_inference_proxy_frontend: 'ipc:///tmp/run/raw_inference_proxy_frontend.ipc',
      raw_inference_proxy_backend: 'ipc:///tmp/run/raw_inference_proxy_backend.ipc',
      credits: 'ipc:///tmp/run/credits.ipc',
      records: 'ipc:///tmp/run/records_push_pull.ipc',
    });
    expect(plan.bind).toEqual(plan.connect);
  });

  test('over TCP has the documented ports, all moved by the offset', () => {
    const ports = (portOffset: number): number[] => {
      const { connect } = createAddressPlan({ kind: 'tcp', host: '127.0.0.1', portOffset });
      return ADDRESS_NAMES.map((name) => Number(connect[name].replace('tcp://127.0.0.1:', '')));
    };
    expect(ports(0)).toEqual([5663, 5664, 5661, 5662, 5665, 5666, 5564, 5557]);
    expect(ports(100)).toEqual(ports(0).map((port) => port + 100));
  });

  test.for([
    { host: '0.0.0.0', bind: 'tcp://0.0.0.0:5557', connect: 'tcp://127.0.0.1:5557' },
    { host: '::', bind: 'tcp://[::]:5557', connect: 'tcp://[::1]:5557' },
    { host: '10.1.2.3', bind: 'tcp://10.1.2.3:5557', connect: 'tcp://10.1.2.3:5557' },
    { host: 'node-7', bind: 'tcp://node-7:5557', connect: 'tcp://node-7:5557' },
  ])('$host is accepted with insecureBus only', ({ host, bind, connect }) => {
    const plan = createAddressPlan({ kind: 'tcp', host, insecureBus: true });
    expect([plan.bind.records, plan.connect.records]).toEqual([bind, connect]);
    expect(() => createAddressPlan({ kind: 'tcp', host })).toThrow(/--insecure-bus/);
  });

  test.for(['127.0.0.1', '127.8.9.10', 'localhost', '::1'])('%s is loopback', (host) => {
    expect(createAddressPlan({ kind: 'tcp', host }).kind).toBe('tcp');
  });

  test.for([
    ['a path too long for sun_path', { kind: 'ipc', directory: `/tmp/${'x'.repeat(80)}` }, /shorter directory/],
    ['bytes, not characters', { kind: 'ipc', directory: `/tmp/${'ü'.repeat(40)}` }, /114 bytes/],
    ['a port above the last', { kind: 'tcp', host: '127.0.0.1', portOffset: 60_000 }, /--zmq-port-offset/],
    ['a port below the first', { kind: 'tcp', host: '127.0.0.1', portOffset: -5_557 }, /--zmq-port-offset/],
    ['half a port', { kind: 'tcp', host: '127.0.0.1', portOffset: 0.5 }, /--zmq-port-offset/],
  ] as const)('refuses %s', ([, options, message]) => {
    const create = (): unknown => createAddressPlan(options);
    expect(create).toThrow(message);
    expect(create).toThrow(CommsError);
  });

  test('survives JSON', () => {
    const plan = createAddressPlan({ kind: 'inproc', name: 'x' });
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });
});
