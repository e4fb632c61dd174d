import { asyncScheduler, interval, Observable, type OperatorFunction, type SchedulerLike } from 'rxjs';
import { LogSketch, type SketchEntries } from '../stats/log-sketch.ts';

/** A batch of finished requests, as counts and sketches. */
export interface LiveBatch {
  readonly rows: number;
  readonly errors: number;
  readonly outputTokens: number;
  /** By tag, in native units. */
  readonly sketches: Readonly<Record<string, SketchEntries | undefined>>;
}

/** Statistics of one metric in a window, within 1 % of the value. */
export interface LiveStatistics {
  readonly count: number;
  readonly avg: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
}

/** What the last seconds looked like. */
export interface LiveSnapshot {
  /** Time that the window really covers; shorter than asked for at the beginning. */
  readonly windowSec: number;
  readonly requestsPerSec: number;
  readonly outputTokensPerSec: number;
  /** Failed requests in percent of all. */
  readonly errorPercent: number;
  readonly metrics: ReadonlyMap<string, LiveStatistics>;
}

/** Length of the window and how often it is looked at. */
export interface RollingWindowOptions {
  readonly windowMs: number;
  /** Also the granularity with which old batches leave the window. */
  readonly emitEveryMs: number;
  readonly scheduler?: SchedulerLike;
}

/**
 * Turns batches into snapshots of a rolling window. Emits every `emitEveryMs` while the window holds a request, and stays silent
 * otherwise. Completes with the source, after a last snapshot when batches came since the one before; errors pass through.
 *
 * Memory: one slot for each `emitEveryMs` of the window, each with one sketch a metric, however many batches arrive.
 */
export function rollingWindow(options: RollingWindowOptions): OperatorFunction<LiveBatch, LiveSnapshot> {
  const { windowMs, emitEveryMs, scheduler = asyncScheduler } = options;
  const maxSlots = Math.max(1, Math.round(windowMs / emitEveryMs));
  return (source) =>
    new Observable((subscriber) => {
      /** Closed slots, the oldest first. */
      const slots: Slot[] = [];
      let current = new Slot();
      const closeSlot = (): void => {
        slots.push(current);
        if (slots.length > maxSlots) slots.shift();
        current = new Slot();
        const snapshot = snapshotOf(slots, (slots.length * emitEveryMs) / 1000);
        if (snapshot !== undefined) subscriber.next(snapshot);
      };
      subscriber.add(
        interval(emitEveryMs, scheduler).subscribe({
          next: closeSlot,
          error: (error: unknown) => subscriber.error(error),
        }),
      );
      subscriber.add(
        source.subscribe({
          next: (batch) => current.add(batch),
          error: (error: unknown) => subscriber.error(error),
          complete: () => {
            if (current.rows > 0) closeSlot();
            subscriber.complete();
          },
        }),
      );
    });
}

class Slot {
  rows = 0;
  errors = 0;
  outputTokens = 0;
  readonly sketches = new Map<string, LogSketch>();

  add(batch: LiveBatch): void {
    this.rows += batch.rows;
    this.errors += batch.errors;
    this.outputTokens += batch.outputTokens;
    for (const [tag, entries] of Object.entries(batch.sketches)) {
      if (entries !== undefined) sketchOf(this.sketches, tag).merge(entries);
    }
  }
}

function sketchOf(sketches: Map<string, LogSketch>, tag: string): LogSketch {
  let sketch = sketches.get(tag);
  if (sketch === undefined) {
    sketch = new LogSketch();
    sketches.set(tag, sketch);
  }
  return sketch;
}

function snapshotOf(slots: readonly Slot[], windowSec: number): LiveSnapshot | undefined {
  let rows = 0;
  let errors = 0;
  let outputTokens = 0;
  const merged = new Map<string, LogSketch>();
  for (const slot of slots) {
    rows += slot.rows;
    errors += slot.errors;
    outputTokens += slot.outputTokens;
    for (const [tag, sketch] of slot.sketches) sketchOf(merged, tag).merge(sketch.entries());
  }
  if (rows === 0) return undefined;
  return {
    windowSec,
    requestsPerSec: rows / windowSec,
    outputTokensPerSec: outputTokens / windowSec,
    errorPercent: (errors / rows) * 100,
    metrics: new Map(Array.from(merged, ([tag, sketch]) => [tag, statisticsOf(sketch)])),
  };
}

function statisticsOf(sketch: LogSketch): LiveStatistics {
  return {
    count: sketch.count,
    avg: sketch.mean,
    p50: sketch.percentile(50),
    p90: sketch.percentile(90),
    p99: sketch.percentile(99),
  };
}
