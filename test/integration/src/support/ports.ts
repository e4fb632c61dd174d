import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/** The ports that a run over TCP binds, before the offset. */
export const TCP_BUS_PORTS: readonly number[] = [5557, 5564, 5661, 5662, 5663, 5664, 5665, 5666];

/** Listens on one port of 127.0.0.1. Rejects when it is in use. */
export async function listenOn(port: number): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume());
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

export async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  await closed;
}

/**
 * A `--zmq-port-offset` whose ports were all free a moment ago. They are below the range from which Linux takes the local ports of outgoing
 * connections, so that none of those takes one in between.
 */
export async function freePortOffset(): Promise<number> {
  for (;;) {
    const offset = randomInt(5_000, 25_000);
    const tried = await Promise.allSettled(TCP_BUS_PORTS.map((port) => listenOn(port + offset)));
    await Promise.all(tried.flatMap((result) => (result.status === 'fulfilled' ? [closeServer(result.value)] : [])));
    if (tried.every(({ status }) => status === 'fulfilled')) return offset;
  }
}
