import { type Observable, Subject } from 'rxjs';
import { CommsError } from './comms-error.ts';

/** A wait's end: the time is up or the caller has given up. */
export interface Deadline extends Disposable {
  readonly isExpired: boolean;
  /** Emits once at the end. */
  readonly expired$: Observable<void>;
  /** Error that says what was waited for and why the wait ended. */
  error(waitedFor: string): CommsError;
}

/** Starts a deadline; dispose it when the wait is over. */
export function deadline(options: { readonly deadlineMs: number; readonly signal?: AbortSignal }): Deadline {
  const { deadlineMs, signal } = options;
  const expired$ = new Subject<void>();
  let isExpired = signal?.aborted ?? false;
  const expire = (): void => {
    isExpired = true;
    expired$.next();
  };
  const timer = setTimeout(expire, deadlineMs);
  signal?.addEventListener('abort', expire, { once: true });
  return {
    get isExpired() {
      return isExpired;
    },
    expired$,
    error: (waitedFor) =>
      signal?.aborted === true
        ? new CommsError('AIPERF_COMMS_CANCELLED', `${waitedFor}: the wait was cancelled`, { cause: signal.reason })
        : new CommsError('AIPERF_COMMS_TIMEOUT', `${waitedFor} within ${deadlineMs} ms`),
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', expire);
    },
  };
}
