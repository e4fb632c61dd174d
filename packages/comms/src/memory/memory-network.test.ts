import { setImmediate as turn } from 'node:timers/promises';
import { firstValueFrom, type Observable } from 'rxjs';
import { expect, test } from 'vitest';
import type { OwnedDataSockets } from '../network.ts';
import { receiveEach } from '../receive-each.ts';
import { MemoryNetwork } from './memory-network.ts';

const frame = (value: number): Uint8Array[] => [Uint8Array.of(value)];

function openSockets(network: MemoryNetwork, serviceId: string): OwnedDataSockets {
  return network.openSockets({ serviceId, onError: (error) => expect.unreachable(error.message) });
}

const numbersOf = (sockets: OwnedDataSockets): Observable<number> =>
  receiveEach(sockets.pull('records'), ([bytes], done) => {
    done();
    return bytes?.[0];
  });

test('a message that waits for room goes before one that is sent when there is some', async () => {
  const network = new MemoryNetwork();
  const [sender, receiver] = [openSockets(network, 'a'), openSockets(network, 'b')];
  const push = sender.push('records');
  const sends = Array.from({ length: 17 }, (_, index) => push.send(frame(index)));
  const received: number[] = [];
  numbersOf(receiver).subscribe((number) => {
    received.push(number);
    if (received.length === 1) sends.push(push.send(frame(17)));
  });
  await Promise.all(sends);
  await turn();
  expect(received).toEqual([...Array.from({ length: 18 }).keys()]);
});

test('a send that waits is refused when its socket is closed, and is not received later', async () => {
  const network = new MemoryNetwork();
  const sender = openSockets(network, 'a');
  const push = sender.push('records');
  for (let index = 0; index < 16; index += 1) await push.send(frame(index));
  const waiting = push.send(frame(16));
  const refused = expect(waiting).rejects.toMatchObject({ code: 'AIPERF_COMMS_CLOSED' });
  await sender.close();
  await refused;
  const numbers: number[] = [];
  numbersOf(openSockets(network, 'b')).subscribe((number) => numbers.push(number));
  await turn();
  expect(numbers).toHaveLength(16);
});

test('a closed receiver takes nothing, and the next one gets what waits', async () => {
  const network = new MemoryNetwork();
  const [sender, gone, next] = [openSockets(network, 'a'), openSockets(network, 'b'), openSockets(network, 'c')];
  numbersOf(gone).subscribe(() => expect.unreachable('closed'));
  await gone.close();
  await sender.push('records').send(frame(5));
  await expect(firstValueFrom(numbersOf(next))).resolves.toBe(5);
});

test('a dealer gets what was sent before it listened, and is unknown when it is closed', async () => {
  const network = new MemoryNetwork();
  const [hub, worker] = [openSockets(network, 'hub'), openSockets(network, 'worker_1')];
  const router = await hub.router('credits');
  const dealer = worker.dealer('credits');
  await router.send('worker_1', frame(1));
  await router.send('worker_1', frame(2));
  const seen: (number | undefined)[] = [];
  dealer.messages$.subscribe({ next: ([bytes]) => seen.push(bytes?.[0]), complete: () => seen.push(undefined) });
  await worker.close();
  expect(seen).toEqual([1, 2, undefined]);
  await expect(router.send('worker_1', frame(3))).rejects.toMatchObject({ code: 'AIPERF_COMMS_UNREACHABLE' });
});

test('streams of a closed bus are over, and what it published before still arrives', async () => {
  const network = new MemoryNetwork();
  const [a, b] = [network.bus<{ ping: { value: number } }>('a'), network.bus<{ ping: { value: number } }>('b')];
  const events: (number | string)[] = [];
  a.messages$('ping').subscribe({ next: ({ value }) => events.push(value), complete: () => events.push('over') });
  b.publish('ping', { value: 1 });
  b.close();
  b.publish('ping', { value: 2 });
  await turn();
  a.close();
  a.messages$('ping').subscribe({ complete: () => events.push('over at once') });
  expect(events).toEqual([1, 'over', 'over at once']);
});
