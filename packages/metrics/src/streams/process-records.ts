import type { RunPlan } from '@aiperf/config';
import { EMPTY, Observable, type OperatorFunction } from 'rxjs';
import { BackgroundEngine } from '../background-engine.ts';
import type { MetricBatch } from '../metric-batch.ts';
import type { Acknowledged } from './acknowledged.ts';

/** Raw records of some requests, as a worker sends them. It is done when its rows have been computed. */
export interface RawBatch extends Acknowledged {
  readonly bytes: Uint8Array;
}

export interface ProcessRecordsOptions {
  readonly plan: RunPlan;
  readonly recordProcessorId: string;
  /** Emits when the load is over and what is left is waited for: rows then come out at once. Default: when the source is complete. */
  readonly hurry$?: Observable<unknown>;
  /** See `BackgroundEngineOptions`. */
  readonly givesWay?: boolean;
  /** Hears of a batch that cannot be read and is left out. */
  readonly onUnreadable?: (message: string) => void;
  /** Hears that a starved thread was given up for one of normal priority. */
  readonly onTookOver?: () => void;
}

/**
 * Raw batches in, metric batches out: small ones are put together while the load runs. The work is done by a thread that lives as long as the
 * subscription. When the source completes, what is in hand comes out before the result completes.
 */
export function processRecords(options: ProcessRecordsOptions): OperatorFunction<RawBatch, MetricBatch> {
  const { plan, recordProcessorId, hurry$ = EMPTY, givesWay = true, onUnreadable, onTookOver } = options;
  return (raw$) =>
    new Observable((subscriber) => {
      const fail = (error: unknown): void => subscriber.error(error);
      const engine = new BackgroundEngine({
        plan,
        recordProcessorId,
        givesWay,
        events: {
          metrics: (batch) => subscriber.next(batch),
          unreadable: (message) => onUnreadable?.(message),
          failed: fail,
          tookOver: () => onTookOver?.(),
        },
      });
      const finish = async (): Promise<void> => {
        engine.hurry();
        await engine.drain();
        subscriber.complete();
      };
      const process = async ({ bytes, done }: RawBatch): Promise<void> => {
        await engine.process(bytes);
        done?.();
      };
      subscriber.add(() => {
        // Nobody is left who could be told of a thread that does not end.
        engine.close().catch(() => undefined);
      });
      subscriber.add(hurry$.subscribe({ next: () => engine.hurry(), error: fail }));
      subscriber.add(
        raw$.subscribe({
          next: (batch) => {
            process(batch).catch(fail);
          },
          error: fail,
          complete: () => {
            finish().catch(fail);
          },
        }),
      );
    });
}
