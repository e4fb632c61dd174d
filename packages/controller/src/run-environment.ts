import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { resolve } from 'node:path';
import { type AddressPlan, createAddressPlan } from '@aiperf/comms';
import type { CommsConfig } from '@aiperf/config';
import { ControllerError } from './controller-error.ts';
import { makePrivateDirectory, removePrivateDirectory } from './private-directory.ts';

/** Directory and addresses that belong to one run alone. */
export interface RunPlace extends AsyncDisposable {
  /** Mode 0700; removed at the end. */
  readonly privateDirectory: string;
  readonly addresses: AddressPlan;
}

/** Makes the run's private directory and plans its addresses; both are checked before anything is started. */
export async function createRunPlace(config: CommsConfig): Promise<RunPlace> {
  const parent = config.zmqIpcPath === undefined ? tmpdir() : resolve(config.zmqIpcPath);
  let privateDirectory: string;
  try {
    privateDirectory = await makePrivateDirectory(parent);
  } catch (error) {
    const option = config.zmqIpcPath === undefined ? 'set TMPDIR or --zmq-ipc-path' : 'change --zmq-ipc-path';
    throw new ControllerError(
      'AIPERF_CONTROLLER_UNUSABLE',
      `Expected a directory that can be written to at ${parent}: ${(error as Error).message} (${option})`,
      { cause: error },
    );
  }
  const dispose = (): Promise<void> => removePrivateDirectory(privateDirectory);
  try {
    const addresses = planAddresses(config, privateDirectory);
    await assertFree(addresses);
    return { privateDirectory, addresses, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function planAddresses(config: CommsConfig, directory: string): AddressPlan {
  if (config.zmqHost === undefined) return createAddressPlan({ kind: 'ipc', directory });
  return createAddressPlan({
    kind: 'tcp',
    host: config.zmqHost,
    portOffset: config.zmqPortOffset,
    insecureBus: config.insecureBus,
  });
}

/** Some addresses are bound late, by a child process; one that is in use is found here all the same, and with all the others. */
async function assertFree({ kind, bind }: AddressPlan): Promise<void> {
  if (kind !== 'tcp') return;
  const problems = await Promise.all(
    Object.entries(bind).map(async ([name, endpoint]) => {
      const error = await listenOnce(endpoint);
      return error === undefined ? [] : [`${endpoint} (${name}): ${error.message}`];
    }),
  );
  const found = problems.flat();
  if (found.length === 0) return;
  throw new ControllerError(
    'AIPERF_CONTROLLER_UNUSABLE',
    `Expected to listen on these addresses; change --zmq-host or --zmq-port-offset: ${found.join('; ')}`,
  );
}

/** The error that listening on an endpoint meets, if there is one. */
async function listenOnce(endpoint: string): Promise<Error | undefined> {
  const [, host = '', port = ''] = /^tcp:\/\/(.*):(\d+)$/u.exec(endpoint) ?? [];
  const server = createServer();
  try {
    server.listen(Number(port), host === '*' ? undefined : host.replace(/^\[(.*)\]$/u, '$1'));
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
