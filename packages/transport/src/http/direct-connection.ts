import * as net from 'node:net';
import * as tls from 'node:tls';

import type { Exchange } from '../transport.ts';

import { ResponseParser } from './response-parser.ts';
import type { Target } from './target.ts';

const TCP_KEEP_ALIVE_MS = 60_000;
const ALPNProtocols = ['http/1.1'];

/** What a transport does at the events of its connections. */
export interface ConnectionOwner {
  readonly readBuffer: Buffer;
  readonly maxBodyBytes: number;
  readonly secureContext: tls.SecureContext | undefined;
  onReady(connection: DirectConnection): void;
  onRead(connection: DirectConnection, length: number): void;
  onSent(connection: DirectConnection): void;
  /** The server closed its side (no error), or the connection broke. Once a connection, and never after {@link DirectConnection.destroy}. */
  onLost(connection: DirectConnection, error: Error | undefined): void;
  /** The socket is gone. Once a connection, always. */
  onClosed(connection: DirectConnection): void;
}

/** One socket of the direct transport: opened for a request or ahead of the load, then used again and again. */
export class DirectConnection {
  readonly targetIndex: number;
  readonly parser: ResponseParser;
  readonly socket: net.Socket;
  /** The request whose response is awaited, or that waits for the connection to be opened. */
  exchange: Exchange | undefined;
  /** The request of which the kernel had not taken all bytes when it was written. */
  sending: Exchange | undefined;
  /** Start of the send whose empty reply made this connection be opened; NaN otherwise. */
  firstStartNs: number = Number.NaN;
  isReady = false;
  /** Broken, closed by the server, or given up by the client. */
  isLost = false;
  /** TCP is connected; with TLS the handshake follows. */
  isConnected = false;
  /** Settles a waiting warm-up. */
  onSettled: (() => void) | undefined;
  readonly onSent: () => void;

  constructor(owner: ConnectionOwner, target: Target, targetIndex: number) {
    this.targetIndex = targetIndex;
    this.parser = new ResponseParser(owner.maxBodyBytes);
    this.onSent = () => owner.onSent(this);
    const onread = {
      buffer: owner.readBuffer,
      callback: (length: number): boolean => {
        owner.onRead(this, length);
        return true;
      },
    };
    const { host, port } = target;
    const servername = net.isIP(host) === 0 ? host : '';
    // Node hands `onread` of a TLS socket to its reader as it does for TCP; its types do not say so.
    const tlsOptions: tls.ConnectionOptions & { onread: typeof onread } = {
      host,
      port,
      servername,
      onread,
      ALPNProtocols,
    };
    if (owner.secureContext !== undefined) tlsOptions.secureContext = owner.secureContext;
    this.socket = target.isTls ? tls.connect(tlsOptions) : net.connect({ host, port, onread });
    this.socket.on('connect', () => {
      this.isConnected = true;
      this.socket.setNoDelay(true);
      this.socket.setKeepAlive(true, TCP_KEEP_ALIVE_MS);
    });
    this.socket.on(target.isTls ? 'secureConnect' : 'connect', () => {
      if (this.isLost) return;
      this.isReady = true;
      owner.onReady(this);
    });
    this.socket.on('end', () => this.#lose(owner, undefined));
    this.socket.on('error', (error) => this.#lose(owner, error));
    this.socket.on('close', () => {
      this.#lose(owner, undefined);
      owner.onClosed(this);
    });
  }

  /** Closes it at once. */
  destroy(): void {
    this.isLost = true;
    this.socket.destroy();
  }

  #lose(owner: ConnectionOwner, error: Error | undefined): void {
    if (this.isLost) return;
    this.isLost = true;
    owner.onLost(this, error);
    this.socket.destroy();
  }
}
