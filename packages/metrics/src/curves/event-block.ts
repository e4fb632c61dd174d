import { grown } from '@aiperf/records';
import { CurveState, type CurveEvent } from './curve-state.ts';

/** The sort key of an event holds its number within the block and its time since the block began. */
const NUMBER_BITS = 21;
const NUMBER_VALUES = 2 ** NUMBER_BITS;
const WORD_VALUES = 2 ** 32;
const HIGH_STEP = WORD_VALUES / NUMBER_VALUES;

/** Run nanoseconds; the end is not part of it. */
export interface TimeWindow {
  readonly startNs: number;
  readonly endNs: number;
}

/** Length of one block at most, 2.4 hours. */
export const BLOCK_LENGTH_MAX_NS: number = 2 ** (64 - NUMBER_BITS);

const INITIAL_EVENTS = 4096;

/**
 * The events between two moments, to be run through in the order of time. What happened before or at the beginning is taken into the state
 * at the beginning, so that a block needs only the requests that reach into it.
 */
export class EventBlock {
  readonly startNs: number;
  readonly endNs: number;
  /** True when there were more events than fit; the block is of no use then. */
  isOverfull = false;
  readonly #initial = new CurveState();
  #keys = new BigUint64Array(INITIAL_EVENTS);
  #words: Uint32Array<ArrayBuffer> = new Uint32Array(this.#keys.buffer);
  #events = new Uint8Array(INITIAL_EVENTS);
  #x = new Float64Array(INITIAL_EVENTS);
  #y = new Float64Array(INITIAL_EVENTS);
  #count = 0;

  /** `endNs` is not part of the block. */
  constructor(startNs: number, endNs: number) {
    this.startNs = startNs;
    this.endNs = endNs;
  }

  add(timeNs: number, event: CurveEvent, x: number, y: number): void {
    if (timeNs >= this.endNs) return;
    if (timeNs <= this.startNs) {
      this.#initial.apply(event, x, y);
      return;
    }
    if (this.#count === NUMBER_VALUES) {
      this.isOverfull = true;
      return;
    }
    if (this.#count === this.#keys.length) this.#grow();
    const index = this.#count++;
    const sinceNs = Math.round(timeNs - this.startNs);
    this.#words[index * 2] = (sinceNs % HIGH_STEP) * NUMBER_VALUES + index;
    this.#words[index * 2 + 1] = Math.floor(sinceNs / HIGH_STEP);
    this.#events[index] = event;
    this.#x[index] = x;
    this.#y[index] = y;
  }

  /** Call once, after all events were added. */
  sort(): void {
    this.#keys.subarray(0, this.#count).sort();
  }

  /**
   * Visits the steps of the curves within windows of the block, which are given in their order and do not overlap: the state, how long it
   * holds, and the window's number. Events of one moment take effect together.
   */
  visit(windows: readonly TimeWindow[], step: (state: CurveState, lengthNs: number, window: number) => void): void {
    const state = this.#initial.copy();
    let place = 0;
    for (const [number, { startNs, endNs }] of windows.entries()) {
      let sinceNs = startNs;
      for (; place < this.#count; place++) {
        const low = this.#words[place * 2] ?? 0;
        const timeNs = this.startNs + (this.#words[place * 2 + 1] ?? 0) * HIGH_STEP + Math.floor(low / NUMBER_VALUES);
        // An event at the end belongs to the next window.
        if (timeNs >= endNs) break;
        if (timeNs > sinceNs) {
          step(state, timeNs - sinceNs, number);
          sinceNs = timeNs;
        }
        const index = low % NUMBER_VALUES;
        state.apply((this.#events[index] ?? 0) as CurveEvent, this.#x[index] ?? 0, this.#y[index] ?? 0);
      }
      if (endNs > sinceNs) step(state, endNs - sinceNs, number);
    }
  }

  #grow(): void {
    const capacity = this.#count + 1;
    this.#words = grown(this.#words, capacity * 2);
    this.#keys = new BigUint64Array(this.#words.buffer);
    this.#events = grown(this.#events, capacity);
    this.#x = grown(this.#x, capacity);
    this.#y = grown(this.#y, capacity);
  }
}
