import type { RunProgress } from '@aiperf/controller';
import { type Observable, type Subscription, timer, withLatestFrom } from 'rxjs';
import { renderProgress } from './progress-line.ts';

/** A live line is redrawn this often; without a terminal a new line is printed at the slower pace. */
const REDRAW_MS = 100;
const LINE_MS = 2_000;

export interface ProgressDisplay {
  /** Prints a line of text above the live line. */
  print(text: string): void;
  /** Takes the live line away. */
  close(): void;
}

/** Shows progress on standard error, so that standard output holds nothing but the results. */
export function showProgress(progress$: Observable<RunProgress>, stream: NodeJS.WriteStream): ProgressDisplay {
  const isLive = stream.isTTY;
  const clear = isLive ? '\r\u001B[2K' : '';
  let line = '';
  // Time goes on while nothing changes, so the last progress is drawn again at every tick.
  const subscription: Subscription = timer(0, isLive ? REDRAW_MS : LINE_MS)
    .pipe(withLatestFrom(progress$))
    .subscribe({
      next: ([, progress]) => {
        const columns = isLive && stream.columns > 0 ? stream.columns : Number.POSITIVE_INFINITY;
        const text = renderProgress(progress, performance.now(), columns);
        line = isLive ? fit(text, columns) : '';
        stream.write(isLive ? `${clear}${line}` : `${text}\n`);
      },
      error: (error: Error) => stream.write(`${clear}progress display failed: ${error.message}\n`),
    });
  return {
    print: (text) => stream.write(`${clear}${text}\n${line}`),
    close: () => {
      subscription.unsubscribe();
      if (line !== '') stream.write(clear);
    },
  };
}

function fit(text: string, columns: number): string {
  return text.length >= columns ? text.slice(0, columns - 1) : text;
}
