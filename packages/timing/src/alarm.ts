import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { Clock } from '@aiperf/records/clock';
import { ALARM_OFF_NS, type AlarmThreadData, SharedAlarm } from './shared-alarm.ts';
import type { CancelTimer } from './timers.ts';

/** Wakes this thread's event loop at a time, to some tenths of a millisecond, where its own timers know whole ones. */
export interface Alarm {
  /** False once the alarm cannot wake anybody any more. What was set then has been called, early if need be. */
  readonly isRunning: boolean;
  /** Calls back once, at `timeNs` (run nanoseconds) or 0.1 to 0.4 ms later; replaces what was set before. */
  set(timeNs: number, callback: () => void): CancelTimer;
  /** Ends the thread; what was set is never called. Nothing may be set afterwards. */
  close(): void;
}

/**
 * Starts a thread that does nothing but sleep. It costs a tenth of a millisecond of CPU for each time that is set, far less than turns
 * of the event loop over the millisecond or two by which a timer may be late. Rejects where no thread can be started.
 */
export async function startAlarm(clock: Clock): Promise<Alarm> {
  const shared = new SharedAlarm();
  const workerData: AlarmThreadData = { origin: clock.origin, shared: shared.buffer };
  const isSource = import.meta.url.endsWith('.ts');
  const path = fileURLToPath(new URL(`alarm-thread.${isSource ? 'ts' : 'js'}`, import.meta.url));
  const thread = new Worker(path, { workerData, execArgv: isSource ? ['-C', '@aiperf/source'] : [] });
  const alarm = new ThreadAlarm(thread, shared);
  await alarm.whenReady;
  return alarm;
}

class ThreadAlarm implements Alarm {
  /** Rejects when the thread has ended before. */
  readonly whenReady: Promise<void>;
  readonly #shared: SharedAlarm;
  #callback: (() => void) | undefined;
  #isRunning = true;
  /** Number of the time that is set; the thread says it when it rings, so that a ring that was on its way counts for no other. */
  #number = 0;

  constructor(thread: Worker, shared: SharedAlarm) {
    this.#shared = shared;
    this.whenReady = new Promise((resolve, reject) => {
      thread.on('message', (number: number) => {
        // Who waits for a due time keeps the process alive, not the thread that measures it.
        if (number === 0) thread.unref();
        resolve();
        if (number === this.#number) this.#ring();
      });
      thread.on('error', reject);
      thread.on('exit', () => {
        reject(new Error('the alarm thread has ended'));
        this.#isRunning = false;
        this.#ring();
      });
    });
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  set(timeNs: number, callback: () => void): CancelTimer {
    this.#callback = callback;
    this.#tell(timeNs);
    return () => {
      // The thread may ring in vain: telling it would wake it as well.
      if (this.#callback === callback) this.#callback = undefined;
    };
  }

  close(): void {
    this.#callback = undefined;
    this.#isRunning = false;
    this.#tell(ALARM_OFF_NS);
  }

  #tell(timeNs: number): void {
    // 0 is the number of no time.
    this.#number = (this.#number + 1) | 0 || 1;
    const { time, word } = this.#shared;
    time[0] = timeNs;
    Atomics.store(word, 0, this.#number);
    Atomics.notify(word, 0);
  }

  #ring(): void {
    const callback = this.#callback;
    this.#callback = undefined;
    callback?.();
  }
}
