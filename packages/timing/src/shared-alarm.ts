import type { ClockOrigin } from '@aiperf/config';

/** What the thread of an alarm is started with. */
export interface AlarmThreadData {
  readonly origin: ClockOrigin;
  readonly shared: SharedArrayBuffer;
}

/** A time that ends the thread. */
export const ALARM_OFF_NS: number = Number.NEGATIVE_INFINITY;

const BYTE_LENGTH = 16;

/** What an alarm and its thread share: a time in run nanoseconds, and a word with its number, which is written last. */
export class SharedAlarm {
  readonly buffer: SharedArrayBuffer;
  readonly time: Float64Array;
  readonly word: Int32Array;

  constructor(buffer: SharedArrayBuffer = new SharedArrayBuffer(BYTE_LENGTH)) {
    this.buffer = buffer;
    this.time = new Float64Array(buffer, 0, 1);
    this.word = new Int32Array(buffer, Float64Array.BYTES_PER_ELEMENT, 1);
  }
}
