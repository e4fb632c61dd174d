import { type Observable, map, share } from 'rxjs';
import { Dealer, Router } from 'zeromq';
import { attach, type Attachment } from './attach.ts';
import { fromSocket } from './from-socket.ts';
import { SerialSender } from './serial-sender.ts';
import type { DealerSocket, RouterMessage, RouterSocket } from './service.ts';
import { duplexOptions, type Channel } from './socket-options.ts';

/** A pending receive cannot be taken back, so the loop that the first subscriber starts runs until the socket is closed. */
const SHARED = { resetOnRefCountZero: false, resetOnComplete: false, resetOnError: false } as const;

/** ROUTER that refuses to drop: sending to an unknown peer throws `AIPERF_COMMS_UNREACHABLE`. */
export class ZmqRouter implements RouterSocket {
  readonly endpoint: string;
  readonly messages$: Observable<RouterMessage>;
  readonly #socket: Router;
  readonly #sender: SerialSender;

  constructor(channel: Channel, attachment: Attachment) {
    // Handover: a service that comes back under its id takes the place of the connection that died.
    this.#socket = new Router({ ...duplexOptions(channel), mandatory: true, handover: true });
    this.endpoint = attach(this.#socket, attachment);
    this.#sender = new SerialSender(this.#socket, `router ${this.endpoint}`);
    this.messages$ = fromSocket(this.#socket).pipe(
      map(([from = new Uint8Array(), ...frames]) => ({ from: peerName(from), frames })),
      share(SHARED),
    );
  }

  send(to: string, frames: readonly Uint8Array[]): Promise<void> {
    return this.#sender.send([peerFrame(to), ...frames]);
  }

  close(): void {
    this.#socket.close();
  }
}

/** DEALER that its router knows by `name`; without one ZeroMQ makes a name up. */
export class ZmqDealer implements DealerSocket {
  readonly endpoint: string;
  readonly messages$: Observable<readonly Uint8Array[]>;
  readonly #socket: Dealer;
  readonly #sender: SerialSender;

  constructor(channel: Channel, attachment: Attachment, name?: string) {
    this.#socket = new Dealer({ ...duplexOptions(channel), ...(name === undefined ? {} : { routingId: name }) });
    this.endpoint = attach(this.#socket, attachment);
    this.#sender = new SerialSender(this.#socket, `dealer ${this.endpoint}`);
    this.messages$ = fromSocket(this.#socket).pipe(share(SHARED));
  }

  send(frames: readonly Uint8Array[]): Promise<void> {
    return this.#sender.send(frames);
  }

  close(): void {
    this.#socket.close();
  }
}

// Service ids are ASCII, but names that ZeroMQ makes up are five arbitrary bytes: latin1 keeps both.
const peerName = (frame: Uint8Array): string => Buffer.from(frame).toString('latin1');
const peerFrame = (name: string): Uint8Array => Buffer.from(name, 'latin1');
