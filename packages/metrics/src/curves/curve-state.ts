import { CompensatedSum } from '../stats/sum.ts';

/** What happens to the curves at one moment. Of a request without output only `start` and `end` happen. */
export const CURVE_EVENTS = {
  start: 0,
  end: 1,
  /** A request that gave output begins: its prefill rate, its input tokens. */
  prefillStart: 2,
  /** Its first token: what it takes off the prefill rate, the even decode rate it adds. */
  firstToken: 3,
  /** Its first chunk after the first token is under way: decode rate it adds, the first token and those that came with it. */
  chunksStart: 4,
  /** A chunk came and another is under way: change of its decode rate, tokens it brought. */
  chunk: 5,
  /** The last chunk came: decode rate it takes off, tokens it brought. */
  chunksEnd: 6,
  /** It ends: the even decode rate it takes off, all its tokens. */
  decodeEnd: 7,
} as const;
export type CurveEvent = (typeof CURVE_EVENTS)[keyof typeof CURVE_EVENTS];

/**
 * How many requests are where at one moment, and how fast tokens go. Rates are tokens per nanosecond. A sum of rates is set to 0 when
 * nobody is left who has a part in it, so that what rounding leaves behind never shows.
 */
export class CurveState {
  inFlight = 0;
  prefilling = 0;
  decoding = 0;
  #chunking = 0;
  #prefillRate = new CompensatedSum();
  #decodeRate = new CompensatedSum();
  #evenDecodeRate = new CompensatedSum();
  #tokens = new CompensatedSum();

  get prefillRate(): number {
    return Math.max(0, this.#prefillRate.value);
  }

  /** By the arrival of chunks. */
  get decodeRate(): number {
    return Math.max(0, this.#decodeRate.value);
  }

  /** With each request's output spread evenly from its first token to its end. */
  get evenDecodeRate(): number {
    return Math.max(0, this.#evenDecodeRate.value);
  }

  get tokens(): number {
    return Math.max(0, this.#tokens.value);
  }

  /** The same state, to go on with apart from this one. */
  copy(): CurveState {
    const copy = new CurveState();
    copy.inFlight = this.inFlight;
    copy.prefilling = this.prefilling;
    copy.decoding = this.decoding;
    copy.#chunking = this.#chunking;
    copy.#prefillRate.add(this.#prefillRate.value);
    copy.#decodeRate.add(this.#decodeRate.value);
    copy.#evenDecodeRate.add(this.#evenDecodeRate.value);
    copy.#tokens.add(this.#tokens.value);
    return copy;
  }

  apply(event: CurveEvent, x: number, y: number): void {
    switch (event) {
      case CURVE_EVENTS.start:
        this.inFlight++;
        return;
      case CURVE_EVENTS.end:
        this.inFlight--;
        return;
      case CURVE_EVENTS.prefillStart:
        this.prefilling++;
        this.#prefillRate.add(x);
        this.#tokens.add(y);
        return;
      case CURVE_EVENTS.firstToken:
        this.prefilling--;
        this.decoding++;
        this.#prefillRate.add(-x);
        if (this.prefilling === 0) this.#prefillRate = new CompensatedSum();
        this.#evenDecodeRate.add(y);
        return;
      case CURVE_EVENTS.chunksStart:
        this.#chunking++;
        this.#decodeRate.add(x);
        this.#tokens.add(y);
        return;
      case CURVE_EVENTS.chunk:
        this.#decodeRate.add(x);
        this.#tokens.add(y);
        return;
      case CURVE_EVENTS.chunksEnd:
        this.#chunking--;
        this.#decodeRate.add(-x);
        if (this.#chunking === 0) this.#decodeRate = new CompensatedSum();
        this.#tokens.add(y);
        return;
      case CURVE_EVENTS.decodeEnd:
        this.decoding--;
        this.#evenDecodeRate.add(-x);
        if (this.decoding === 0) this.#evenDecodeRate = new CompensatedSum();
        this.#tokens.add(-y);
        if (this.decoding === 0 && this.prefilling === 0) this.#tokens = new CompensatedSum();
    }
  }
}
