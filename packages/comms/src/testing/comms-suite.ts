import assert from 'node:assert/strict';
import { firstValueFrom, lastValueFrom, take, toArray } from 'rxjs';
import { CommsError } from '../comms-error.ts';
import { createRequestClient, serveRequests, type RequestClient } from '../request-reply.ts';
import { receiveEach } from '../receive-each.ts';
import type { Bus, DataSockets, PullSocket } from '../service.ts';

/** Messages that the suite publishes. */
export interface SuiteMessages {
  ping: { readonly value: number | null };
  ping_pong: { readonly value: number };
}

/** One service on the network under test. */
export interface CommsPeer {
  readonly bus: Bus<SuiteMessages>;
  readonly sockets: DataSockets;
  /** Resolves when what was subscribed to so far is live. */
  settle(): Promise<void>;
  close(): void | Promise<void>;
}

/** An implementation of bus and data sockets, on a network of its own. */
export interface CommsUnderTest {
  readonly spoolDirectory: string;
  open(serviceId: string): Promise<CommsPeer>;
}

export interface CommsCase {
  readonly name: string;
  /** Rejects when the implementation misbehaves. */
  readonly run: (comms: CommsUnderTest) => Promise<void>;
}

const bytes = (text: string): Uint8Array => Buffer.from(text);
const text = (frame: Uint8Array | undefined): string => Buffer.from(frame ?? []).toString();
const hasCode =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof CommsError && error.code === code;

/** Lets everything that is on its way arrive: as many turns of the event loop as a message could need, without a clock. */
async function turns(count = 50): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** Takes every message at once. */
function listen(pull: PullSocket, handle: (frames: readonly Uint8Array[]) => void): void {
  receiveEach(pull, (frames, done) => {
    done();
    return frames;
  }).subscribe(handle);
}

/** What every implementation of {@link Bus} and {@link DataSockets} must do. */
export const COMMS_CASES: readonly CommsCase[] = [
  {
    name: 'a published message reaches every listener, the sender too, with its envelope',
    run: async (comms) => {
      const [a, b] = [await comms.open('a'), await comms.open('b')];
      const received = [a, a, b].map(({ bus }) => firstValueFrom(bus.messages$('ping')));
      await Promise.all([a.settle(), b.settle()]);
      a.bus.publish('ping', { value: Number.NaN });
      for (const message of await Promise.all(received)) {
        assert.equal(message.message_type, 'ping');
        assert.equal(message.service_id, 'a');
        assert.equal(message.value, null);
        assert.ok(Math.abs(message.request_ns / 1e6 - Date.now()) < 60_000);
      }
    },
  },
  {
    name: 'a topic does not catch a longer one, and order is kept',
    run: async (comms) => {
      const [a, b] = [await comms.open('a'), await comms.open('b')];
      const received = firstValueFrom(b.bus.messages$('ping').pipe(take(3), toArray()));
      await b.settle();
      a.bus.publish('ping_pong', { value: 0 });
      for (const value of [1, 2, 3]) a.bus.publish('ping', { value });
      assert.deepEqual(
        (await received).map(({ value }) => value),
        [1, 2, 3],
      );
    },
  },
  {
    name: 'pushed messages arrive in order with all their frames, each at one receiver',
    run: async (comms) => {
      const [sender, one, two] = [await comms.open('a'), await comms.open('b'), await comms.open('c')];
      const total = 200;
      const done = Promise.withResolvers<void>();
      const seen: number[][] = [[], []];
      for (const [index, { sockets }] of [one, two].entries()) {
        listen(sockets.pull('raw_inference_proxy_backend'), (frames) => {
          assert.equal(text(frames[1]), 'second frame');
          seen[index]?.push(Number(text(frames[0])));
          if (seen.flat().length === total) done.resolve();
        });
      }
      const push = sender.sockets.push('raw_inference_proxy_frontend');
      const sends: Promise<void>[] = [];
      for (let index = 0; index < total; index += 1) sends.push(push.send([bytes(`${index}`), bytes('second frame')]));
      await Promise.all([...sends, done.promise]);
      for (const numbers of seen)
        assert.deepEqual(
          numbers,
          numbers.toSorted((x, y) => x - y),
        );
      assert.deepEqual(
        seen.flat().toSorted((x, y) => x - y),
        Array.from({ length: total }, (_, index) => index),
      );
    },
  },
  {
    name: 'a receiver is given nothing while it is busy with the last message, and push then waits',
    run: async (comms) => {
      const [sender, receiver] = [await comms.open('a'), await comms.open('b')];
      const gate = Promise.withResolvers<void>();
      const first = Promise.withResolvers<void>();
      const last = Promise.withResolvers<void>();
      const total = 400;
      let receivedCount = 0;
      const afterGate = async (done: () => void): Promise<void> => {
        await gate.promise;
        done();
      };
      receiveEach(receiver.sockets.pull('records'), (_, done) => done).subscribe((done) => {
        receivedCount += 1;
        if (receivedCount === total) last.resolve();
        first.resolve();
        void afterGate(done);
      });
      const push = sender.sockets.push('records');
      const frame = new Uint8Array(64 * 1024);
      let sentCount = 0;
      const sending = (async () => {
        for (; sentCount < total; sentCount += 1) await push.send([frame]);
      })();
      await first.promise;
      await turns();
      assert.equal(receivedCount, 1);
      assert.ok(sentCount < total, `${sentCount} messages were taken by a receiver that takes none`);
      gate.resolve();
      await Promise.all([sending, last.promise]);
      assert.equal(receivedCount, total);
    },
  },
  {
    name: 'a stream of messages that is left early leaves what follows to the next, and ends with the socket',
    run: async (comms) => {
      const [sender, receiver] = [await comms.open('a'), await comms.open('b')];
      const pull = receiver.sockets.pull('records');
      const numbers$ = receiveEach(pull, (frames, done) => {
        done();
        return Number(text(frames[0]));
      });
      const push = sender.sockets.push('records');
      const three = Promise.withResolvers<void>();
      const received: number[] = [];
      const early = numbers$.subscribe((number) => {
        received.push(number);
        if (received.length === 3) three.resolve();
      });
      for (let index = 0; index < 3; index += 1) await push.send([bytes(`${index}`)]);
      await three.promise;
      // By now it waits for a message.
      await turns();
      early.unsubscribe();
      const rest = firstValueFrom(numbers$.pipe(take(3), toArray()));
      for (let index = 3; index < 6; index += 1) await push.send([bytes(`${index}`)]);
      assert.deepEqual(await rest, [3, 4, 5]);
      assert.deepEqual(received, [0, 1, 2]);
      const last = lastValueFrom(numbers$.pipe(toArray()));
      await receiver.close();
      assert.deepEqual(await last, []);
    },
  },
  {
    name: 'a router knows dealers by their service id and refuses unknown peers',
    run: async (comms) => {
      const [hub, a, b] = [await comms.open('hub'), await comms.open('worker_1'), await comms.open('worker_2')];
      const router = await hub.sockets.router('credits');
      const greetings = firstValueFrom(router.messages$.pipe(take(2), toArray()));
      const answers: Promise<readonly Uint8Array[]>[] = [];
      for (const { sockets } of [a, b]) {
        const dealer = sockets.dealer('credits');
        answers.push(firstValueFrom(dealer.messages$));
        await dealer.send([bytes('wr'), bytes('{}')]);
      }
      const froms = (await greetings)
        .map(({ from, frames }) => [from].concat(frames.map(text)))
        .toSorted(([a = ''], [b = '']) => a.localeCompare(b));
      assert.deepEqual(froms, [
        ['worker_1', 'wr', '{}'],
        ['worker_2', 'wr', '{}'],
      ]);
      await router.send('worker_2', [bytes('cg'), bytes('two')]);
      await router.send('worker_1', [bytes('cg'), bytes('one')]);
      assert.deepEqual(
        (await Promise.all(answers)).map((frames) => frames.map(text)),
        [
          ['cg', 'one'],
          ['cg', 'two'],
        ],
      );
      await assert.rejects(router.send('worker_3', [bytes('cg')]), hasCode('AIPERF_COMMS_UNREACHABLE'));
    },
  },
  {
    name: 'requests are answered out of order, failures and time-outs are errors, nothing stays behind',
    run: async (comms) => {
      const [server, asker] = [await comms.open('server'), await comms.open('asker')];
      const slow = Promise.withResolvers<void>();
      serveRequests(
        await server.sockets.router('dataset_manager_proxy_backend'),
        {
          slow: async () => {
            await slow.promise;
            return { message_type: 'slow_response' };
          },
          echo: (body) => ({ message_type: 'echo_response', value: body['value'] }),
          broken: () => {
            throw new TypeError('no such conversation');
          },
          silent: () => undefined,
        },
        (error) => {
          assert.fail(error);
        },
      );
      const client = createRequestClient(asker.sockets.dealer('dataset_manager_proxy_frontend'), 'asker');
      const slowReply = client.request({ message_type: 'slow' });
      assert.equal((await client.request({ message_type: 'echo', value: 7 }))['value'], 7);
      slow.resolve();
      assert.equal((await slowReply).message_type, 'slow_response');
      await assertRefused(client, 'broken', /no such conversation/);
      await assertRefused(client, 'silent', /no answer/);
      await assertRefused(client, 'toString', /Nothing here answers toString/);
      assert.equal(client.pendingCount, 0);
    },
  },
  {
    name: 'a spooling socket takes everything from its caller at once and keeps the order',
    run: async (comms) => {
      const [sender, receiver] = [await comms.open('a'), await comms.open('b')];
      const spool = sender.sockets.spoolingPush('records', comms.spoolDirectory);
      const total = 3_000;
      for (let index = 0; index < total; index += 1) spool.post([bytes(`${index}`)]);
      assert.equal(spool.pendingCount, total);
      const received: number[] = [];
      const done = Promise.withResolvers<void>();
      listen(receiver.sockets.pull('records'), (frames) => {
        received.push(Number(text(frames[0])));
        if (received.length === total) done.resolve();
      });
      await spool.drain();
      assert.equal(spool.pendingCount, 0);
      await done.promise;
      assert.deepEqual(
        received,
        Array.from({ length: total }, (_, index) => index),
      );
    },
  },
  {
    name: 'sending on closed sockets is refused by name',
    run: async (comms) => {
      const peer = await comms.open('a');
      const dealer = peer.sockets.dealer('credits');
      const push = peer.sockets.push('records');
      await peer.close();
      await assert.rejects(dealer.send([bytes('x')]), hasCode('AIPERF_COMMS_CLOSED'));
      await assert.rejects(push.send([bytes('x')]), hasCode('AIPERF_COMMS_CLOSED'));
    },
  },
];

async function assertRefused(client: RequestClient, type: string, message: RegExp): Promise<void> {
  await assert.rejects(client.request({ message_type: type }), (error: unknown) => {
    assert.ok(hasCode('AIPERF_COMMS_REMOTE')(error));
    assert.match(error instanceof Error ? error.message : '', message);
    return true;
  });
}
