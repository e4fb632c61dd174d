import { Observable } from 'rxjs';
import { CommsError, errorText } from './comms-error.ts';

/** The receiving half of a ZeroMQ socket. */
export interface Receivable {
  readonly closed: boolean;
  receive(): Promise<Uint8Array[]>;
}

/**
 * Messages of a socket. Completes when the socket is closed.
 *
 * One subscriber: a receive that is under way cannot be taken back, so a message that arrives after unsubscribing is lost. Messages
 * that arrive before the subscription wait in ZeroMQ's queue.
 */
export function fromSocket(socket: Receivable): Observable<readonly Uint8Array[]> {
  return new Observable((subscriber) => {
    const loop = async (): Promise<void> => {
      while (!subscriber.closed) {
        const frames = await receive(socket);
        if (frames === undefined) {
          subscriber.complete();
          return;
        }
        subscriber.next(frames);
      }
    };
    loop().catch((error: unknown) => {
      subscriber.error(error);
    });
  });
}

/** The next message, or `undefined` when the socket has been closed. */
export async function receive(socket: Receivable): Promise<readonly Uint8Array[] | undefined> {
  if (socket.closed) return undefined;
  try {
    return await socket.receive();
  } catch (error) {
    // Closing ends a pending receive with EAGAIN.
    if (socket.closed) return undefined;
    throw new CommsError('AIPERF_COMMS_SOCKET', `Receiving failed: ${errorText(error)}`, { cause: error });
  }
}
