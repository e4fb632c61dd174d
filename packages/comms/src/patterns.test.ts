import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createAddressPlan, type AddressPlan } from './address.ts';
import { connectBus } from './bus.ts';
import { CommsError } from './comms-error.ts';
import { ZmqDataSockets } from './data-sockets.ts';
import { startProxies } from './proxy.ts';
import { COMMS_CASES, type CommsPeer, type CommsUnderTest, type SuiteMessages } from './testing/comms-suite.ts';
import { createTestContext } from './testing/test-context.ts';

interface Fixture extends CommsUnderTest, AsyncDisposable {}

const TRANSPORTS = ['tcp', 'ipc', 'inproc', 'memory'] as const;
let inprocCount = 0;

describe.for(TRANSPORTS)('over %s', (kind) => {
  test.for(COMMS_CASES)('$name', async ({ run }) => {
    await using comms = kind === 'memory' ? await openMemory() : await openZmq(kind);
    await expect(run(comms)).resolves.toBeUndefined();
  });
});

async function openZmq(kind: AddressPlan['kind']): Promise<Fixture> {
  const directory = await mkdtemp(join(tmpdir(), 'aiperf-comms-'));
  const { plan, close } = startOnFreePorts(kind, directory);
  const peers: CommsPeer[] = [];
  const errors: Error[] = [];
  return {
    spoolDirectory: directory,
    open: async (serviceId) => {
      const onError = (error: Error): void => {
        errors.push(error);
      };
      const bus = await connectBus<SuiteMessages>({ plan, serviceId, onError });
      const sockets = new ZmqDataSockets({ plan, serviceId, onError });
      const peer: CommsPeer = {
        bus,
        sockets,
        settle: () => bus.settle(),
        close: async () => {
          bus.close();
          await sockets.close();
        },
      };
      peers.push(peer);
      return peer;
    },
    [Symbol.asyncDispose]: async () => {
      for (const peer of peers) await peer.close();
      close();
      expect(errors).toEqual([]);
      expect((await readdir(directory)).filter((name) => name.endsWith('.spool'))).toEqual([]);
      await rm(directory, { recursive: true });
    },
  };
}

/** Other programs may use a documented port, so a free offset is searched for. */
function startOnFreePorts(kind: AddressPlan['kind'], directory: string): { plan: AddressPlan; close: () => void } {
  for (let attempt = 0; ; attempt += 1) {
    const plan = createPlan(kind, directory);
    try {
      const { close } = startProxies(plan, (error) => {
        throw error;
      });
      return { plan, close };
    } catch (error) {
      if (!(error instanceof CommsError && error.code === 'AIPERF_COMMS_BIND') || attempt === 20) throw error;
    }
  }
}

function createPlan(kind: AddressPlan['kind'], directory: string): AddressPlan {
  switch (kind) {
    case 'tcp':
      return createAddressPlan({ kind, host: '127.0.0.1', portOffset: 2_000 + Math.floor(Math.random() * 5_000) * 10 });
    case 'ipc':
      return createAddressPlan({ kind, directory });
    case 'inproc':
      inprocCount += 1;
      return createAddressPlan({ kind, name: `suite-${inprocCount}` });
  }
}

async function openMemory(): Promise<Fixture> {
  const directory = await mkdtemp(join(tmpdir(), 'aiperf-comms-'));
  const root = createTestContext<SuiteMessages>();
  const stops: (() => void)[] = [];
  return {
    spoolDirectory: directory,
    open: (serviceId) => {
      const { context, stop } = root.peer(serviceId);
      stops.push(stop);
      return Promise.resolve({
        bus: context.bus,
        sockets: context.sockets,
        settle: () => Promise.resolve(),
        close: stop,
      });
    },
    [Symbol.asyncDispose]: async () => {
      for (const stop of stops) stop();
      await rm(directory, { recursive: true });
    },
  };
}
