import type { AddressName, AddressPlan } from './address.ts';
import type { Attachment } from './attach.ts';
import { CommsError } from './comms-error.ts';
import type { OpenSocketsOptions, OwnedDataSockets } from './network.ts';
import { ZmqPull, ZmqPush } from './push-pull.ts';
import { ZmqDealer, ZmqRouter } from './router-dealer.ts';
import type { DealerSocket, PullSocket, PushSocket, RouterSocket, SpoolingPushSocket } from './service.ts';
import { channelOf } from './socket-options.ts';
import { SpoolingPush } from './spooling-push.ts';

interface Closable {
  close(): void | Promise<void>;
}

export interface DataSocketsOptions extends OpenSocketsOptions {
  readonly plan: AddressPlan;
}

/** Opens data sockets when they are first asked for; asking again gives the same one. */
export class ZmqDataSockets implements OwnedDataSockets {
  readonly #plan: AddressPlan;
  readonly #serviceId: string;
  readonly #onError: (error: Error) => void;
  readonly #open = new Map<string, Closable>();
  #isClosed = false;

  constructor(options: DataSocketsOptions) {
    this.#plan = options.plan;
    this.#serviceId = options.serviceId;
    this.#onError = options.onError;
  }

  push(address: AddressName): PushSocket {
    return this.#once(`push ${address}`, () => this.#push(address));
  }

  spoolingPush(address: AddressName, spoolDirectory: string): SpoolingPushSocket {
    return this.#once(`spooling push ${address}`, () => {
      const push = this.#push(address);
      const name = `${this.#serviceId}-${address}`;
      return new SpoolingPush(push, { directory: spoolDirectory, name, onError: this.#onError });
    });
  }

  pull(address: AddressName): PullSocket {
    const attachment = this.#attachment(address, address === 'records');
    return this.#once(`pull ${address}`, () => new ZmqPull(channelOf(address), attachment));
  }

  router(address: AddressName): Promise<RouterSocket> {
    const attachment = this.#attachment(address, address === 'credits');
    return Promise.resolve(this.#once(`router ${address}`, () => new ZmqRouter(channelOf(address), attachment)));
  }

  dealer(address: AddressName): DealerSocket {
    const attachment = this.#attachment(address, false);
    return this.#once(`dealer ${address}`, () => new ZmqDealer(channelOf(address), attachment, this.#serviceId));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const sockets = [...this.#open.values()];
    this.#open.clear();
    await Promise.all(
      sockets.map(async (socket) => {
        await socket.close();
      }),
    );
  }

  #push(address: AddressName): ZmqPush {
    return new ZmqPush(channelOf(address), this.#attachment(address, false));
  }

  /** The proxies bind their ends in the controller; of the direct channels one service binds. */
  #attachment(address: AddressName, binds: boolean): Attachment {
    return binds ? { bind: this.#plan.bind[address] } : { connect: this.#plan.connect[address] };
  }

  #once<S extends Closable>(key: string, open: () => S): S {
    if (this.#isClosed) {
      throw new CommsError('AIPERF_COMMS_CLOSED', `${this.#serviceId} is stopping and opens no more sockets (${key})`);
    }
    const known = this.#open.get(key);
    // The key says which kind of socket was stored.
    if (known !== undefined) return known as S;
    const socket = open();
    this.#open.set(key, socket);
    return socket;
  }
}
