import type { RawBatchWriter, RequestRecord } from '@aiperf/records';
import { type Observable, Subject } from 'rxjs';

/** What records become batches by. */
export interface RecordSenderOptions {
  readonly writer: RawBatchWriter;
  /** Nothing is in flight: what is finished may be all there is for now. */
  isIdle(): boolean;
}

const MAX_ROWS = 2_000;
/** Taking a batch is one step of the event loop, and fresh memory costs most of it: at 4 MiB it held up read stamps by some 3 ms. */
const MAX_BATCH_BYTES = 1024 * 1024;
/** A batch is at most this old while requests are in flight. */
const FLUSH_INTERVAL_MS = 200;
/** And at most this old when none is, so that the end of a run is not waited for. */
const IDLE_FLUSH_INTERVAL_MS = 25;

/** Gathers records into batches and gives them out by size and age. */
export class RecordSender {
  /** The batches, encoded. Within the call that completes one, so who listens must be quick. */
  readonly records$: Observable<Uint8Array>;
  readonly #options: RecordSenderOptions;
  readonly #batches = new Subject<Uint8Array>();
  #lastFlushMs = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined = undefined;
  #timerEndsMs = Number.POSITIVE_INFINITY;

  constructor(options: RecordSenderOptions) {
    this.#options = options;
    this.records$ = this.#batches.asObservable();
  }

  add(record: RequestRecord): void {
    const { writer } = this.#options;
    writer.append(record);
    if (writer.rowCount >= MAX_ROWS || writer.byteLength >= MAX_BATCH_BYTES) this.flush();
    else if (this.#timer === undefined || this.#options.isIdle()) this.checkAge();
  }

  /** Sends the batch if its time has come; otherwise a timer will. Call it when the load becomes idle, too. */
  checkAge(): void {
    if (this.#options.writer.rowCount === 0) return;
    const nowMs = performance.now();
    const intervalMs = this.#options.isIdle() ? IDLE_FLUSH_INTERVAL_MS : FLUSH_INTERVAL_MS;
    const isFirst = this.#lastFlushMs === Number.NEGATIVE_INFINITY;
    // The first batch of a busy load has no predecessor: it is gathered as long as any other.
    if (isFirst && !this.#options.isIdle()) this.#lastFlushMs = nowMs;
    const dueMs = this.#lastFlushMs + intervalMs;
    if (dueMs <= nowMs) {
      this.flush();
      return;
    }
    if (dueMs >= this.#timerEndsMs) return;
    clearTimeout(this.#timer);
    this.#timerEndsMs = dueMs;
    this.#timer = setTimeout(() => this.flush(), Math.ceil(dueMs - nowMs));
  }

  /** Sends what there is and forgets the timer. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerEndsMs = Number.POSITIVE_INFINITY;
    this.#lastFlushMs = performance.now();
    const { writer } = this.#options;
    if (writer.rowCount > 0) this.#batches.next(writer.take());
  }
}
