import { map } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, test } from 'vitest';
import { LogSketch } from '../stats/log-sketch.ts';
import { rollingWindow, type LiveBatch } from './rolling-window.ts';

function batch(rows: number, errors: number, latenciesNs: readonly number[] = []): LiveBatch {
  const sketch = new LogSketch();
  for (const latencyNs of latenciesNs) sketch.add(latencyNs);
  return { rows, errors, outputTokens: rows * 10, sketches: { request_latency: sketch.entries() } };
}

const BATCHES = { a: batch(4, 0), b: batch(2, 1), c: batch(1, 1) };

/** Runs one diagram; a frame is a millisecond. The window is three slots of 4 ms. */
function run(
  check: (helpers: {
    scheduler: TestScheduler;
    expectRates: (source: string, expected: string, rates: object) => void;
  }) => void,
): void {
  const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
  scheduler.run(({ hot, expectObservable }) => {
    check({
      scheduler,
      expectRates: (source, expected, rates) => {
        const rates$ = hot(source, BATCHES).pipe(
          rollingWindow({ windowMs: 12, emitEveryMs: 4, scheduler }),
          map(({ requestsPerSec, errorPercent }) => [requestsPerSec, errorPercent]),
        );
        expectObservable(rates$, '^ 39ms !').toBe(expected, rates);
      },
    });
  });
}

describe('rollingWindow', () => {
  test('grows to its length, then old slots leave; silent when it holds nothing', () => {
    run(({ expectRates }) => {
      expectRates('-a---b-------------------------------------', '----p---q---r---s---', {
        p: [1000, 0],
        q: [750, (1 / 6) * 100],
        r: [500, (1 / 6) * 100],
        s: [2000 / 12, 50],
      });
    });
  });

  test('a last snapshot comes with the completion when there is something new', () => {
    run(({ expectRates }) => {
      expectRates('-a---c-|', '----p--(q|)', { p: [1000, 0], q: [625, 20] });
    });
  });

  test('completes at once when there is nothing new, and passes errors on', () => {
    run(({ expectRates }) => {
      expectRates('-a----|', '----p-|', { p: [1000, 0] });
      expectRates('-a----#', '----p-#', { p: [1000, 0] });
    });
  });

  test('quantiles are over all slots of the window, within 1 %', () => {
    const scheduler = new TestScheduler((actual, expected) => expect(actual).toEqual(expected));
    scheduler.run(({ hot, expectObservable }) => {
      const source$ = hot('-a---b|', { a: batch(99, 0, Array(99).fill(1e6) as number[]), b: batch(1, 0, [1e9]) });
      const near$ = source$.pipe(
        rollingWindow({ windowMs: 12, emitEveryMs: 4, scheduler }),
        map(({ metrics, outputTokensPerSec }) => {
          const { count = 0, p50 = 0, p99 = 0 } = metrics.get('request_latency') ?? {};
          return [count, Math.round(p50 / 1e5), Math.round(p99 / 1e5), Math.round(outputTokensPerSec)];
        }),
      );
      expectObservable(near$).toBe('----p-(q|)', { p: [99, 10, 10, 247_500], q: [100, 10, 10, 125_000] });
    });
  });
});
