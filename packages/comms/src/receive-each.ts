import { Observable } from 'rxjs';
import type { PullSocket } from './service.ts';

/**
 * What `project` makes of each message of a pull socket. Cold. The next message is taken when `done` has been called for the last one, which is
 * the back-pressure: a pipe calls it when it has dealt with the item, and a busy one gets no more work. `undefined` stands for a message
 * that gives nothing; the next one is taken at once.
 *
 * Completes when the socket is closed. What arrives after unsubscribing is for the next subscriber.
 */
export function receiveEach<T>(
  pull: PullSocket,
  project: (frames: readonly Uint8Array[], done: () => void) => T | undefined,
): Observable<T> {
  return new Observable((subscriber) => {
    const loop = async (): Promise<void> => {
      while (!subscriber.closed) {
        const frames = await pull.peek();
        if (subscriber.closed) return;
        if (frames === undefined) {
          subscriber.complete();
          return;
        }
        pull.shift();
        const { promise: isDone, resolve: done } = Promise.withResolvers<void>();
        const item = project(frames, done);
        if (item === undefined) continue;
        subscriber.next(item);
        await isDone;
      }
    };
    loop().catch((error: unknown) => {
      subscriber.error(error);
    });
  });
}
