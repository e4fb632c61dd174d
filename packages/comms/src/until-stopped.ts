import { type MonoTypeOperatorFunction, Observable, takeUntil } from 'rxjs';

/** Emits once and completes when the signal is aborted; at once when it has been. */
export function aborted(signal: AbortSignal): Observable<void> {
  return new Observable((subscriber) => {
    const emit = (): void => {
      subscriber.next();
      subscriber.complete();
    };
    if (signal.aborted) {
      emit();
      return undefined;
    }
    signal.addEventListener('abort', emit, { once: true });
    return () => {
      signal.removeEventListener('abort', emit);
    };
  });
}

/** Completes when a service has to end: the last operator of each of its pipes. */
export function untilStopped<T>(stopSignal: AbortSignal): MonoTypeOperatorFunction<T> {
  return takeUntil(aborted(stopSignal));
}
