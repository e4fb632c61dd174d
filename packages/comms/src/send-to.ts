import { concatMap, ignoreElements, type OperatorFunction } from 'rxjs';
import type { PushSocket } from './service.ts';

/**
 * Sends what comes, one after the other, and completes when the last is on its way. What waits for a slow receiver waits here, without a
 * bound: the source must have one.
 */
export function sendTo(push: PushSocket): OperatorFunction<readonly Uint8Array[], never> {
  return (messages$) =>
    messages$.pipe(
      concatMap((frames) => push.send(frames)),
      ignoreElements(),
    );
}
