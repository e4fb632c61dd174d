import { createWriteStream, type WriteStream } from 'node:fs';
import { once } from 'node:events';
import type { LogLevel } from '@aiperf/config';

const RANKS: Readonly<Record<LogLevel, number>> = {
  trace: 5,
  debug: 10,
  info: 20,
  notice: 25,
  warning: 30,
  success: 35,
  error: 40,
  critical: 50,
};

/** One line of the log. */
export interface LogRecord {
  readonly level: LogLevel;
  /** Service id or name of the part that wrote it. */
  readonly source: string;
  readonly message: string;
  readonly time: Date;
}

/** Whether a record of `level` is wanted at `threshold`. */
export function isLogged(level: LogLevel, threshold: LogLevel): boolean {
  return RANKS[level] >= RANKS[threshold];
}

/** The run's one log writer: every process sends its lines here, so that they never interleave. */
export class RunLog {
  readonly #threshold: LogLevel;
  readonly #stream: WriteStream;
  readonly #onRecord: (record: LogRecord) => void;
  #failure: Error | undefined;

  constructor(path: string, threshold: LogLevel, onRecord: (record: LogRecord) => void) {
    this.#threshold = threshold;
    this.#onRecord = onRecord;
    this.#stream = createWriteStream(path, { flags: 'a' });
    // A full disk must not end the run with an unhandled event; the first failure is shown once, on close.
    this.#stream.on('error', (error) => {
      this.#failure ??= error;
    });
  }

  write(level: LogLevel, source: string, message: string): void {
    if (!isLogged(level, this.#threshold)) return;
    const record: LogRecord = { level, source, message, time: new Date() };
    this.#stream.write(`${stamp(record.time)} - ${source} - ${level.toUpperCase()} - ${message}\n`);
    this.#onRecord(record);
  }

  /** Resolves with the error that kept lines from being written, if there was one. */
  async close(): Promise<Error | undefined> {
    if (this.#failure === undefined && !this.#stream.closed) {
      this.#stream.end();
      await once(this.#stream, 'close').catch((error: Error) => {
        this.#failure ??= error;
      });
    }
    return this.#failure;
  }
}

/** `YYYY-MM-DD HH:MM:SS,mmm` in local time. */
function stamp(time: Date): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const clock = `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
  return `${date} ${clock},${String(time.getMilliseconds()).padStart(3, '0')}`;
}
