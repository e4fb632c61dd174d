import { grown } from './build/grown.ts';
import { clearExchange, ExchangeRow } from './request-columns.ts';
import type { RequestError } from './request-error.ts';

/** Room of a fresh timeline: 15,000 of them at once take 18 MB. */
const INITIAL_BODY_BYTES = 1024;
const INITIAL_READS = 16;
/** What a reset timeline keeps at most after an exchange that needed less than a quarter of it. */
const KEPT_BODY_BYTES = 64 * 1024;
const KEPT_READS = 1024;
/** What a reset timeline keeps at most in any case. */
const MAX_KEPT_BODY_BYTES = 1024 * 1024;
const MAX_KEPT_READS = 64 * 1024;

/**
 * What one exchange looked like on the client's clock. A transport fills it while the exchange runs and does nothing else in its
 * read callback; all times are run nanoseconds, NaN where the point was never reached.
 *
 * Instances are reused: {@link resetTimeline} keeps the buffers. The body is stored without HTTP framing (chunk sizes removed), and the reads
 * say how many body bytes each socket read brought, so every body byte has a time.
 */
export class Timeline extends ExchangeRow {
  statusText = '';
  contentType = '';
  /** Number of reads with body bytes; valid entries of `readNs` and `readLengths`. */
  readCount = 0;
  readNs: Float64Array = new Float64Array(INITIAL_READS);
  readLengths: Uint32Array = new Uint32Array(INITIAL_READS);
  /** Valid bytes of `body`. */
  bodyLength = 0;
  body: Uint8Array = new Uint8Array(INITIAL_BODY_BYTES);
  error: RequestError | undefined = undefined;
}

/** A timeline with no stamps and small buffers that grow as the response comes. */
export function createTimeline(): Timeline {
  return new Timeline();
}

/** Makes a timeline ready for the next exchange. Buffers stay unless one exchange made them far larger than the last one needed. */
export function resetTimeline(timeline: Timeline): void {
  clearExchange(timeline);
  timeline.error = undefined;
  if (
    timeline.body.length > MAX_KEPT_BODY_BYTES ||
    (timeline.body.length > KEPT_BODY_BYTES && timeline.bodyLength * 4 < timeline.body.length)
  ) {
    timeline.body = new Uint8Array(INITIAL_BODY_BYTES);
  }
  if (
    timeline.readNs.length > MAX_KEPT_READS ||
    (timeline.readNs.length > KEPT_READS && timeline.readCount * 4 < timeline.readNs.length)
  ) {
    timeline.readNs = new Float64Array(INITIAL_READS);
    timeline.readLengths = new Uint32Array(INITIAL_READS);
  }
  clearResponse(timeline);
}

/** Forgets what came back so far, so that a request can be sent a second time. */
export function clearResponse(timeline: Timeline): void {
  timeline.headersNs = Number.NaN;
  timeline.status = 0;
  timeline.statusText = '';
  timeline.contentType = '';
  timeline.responseBytes = 0;
  timeline.responseReads = 0;
  timeline.readCount = 0;
  timeline.bodyLength = 0;
}

/** Adds one socket read with its body bytes. */
export function appendRead(timeline: Timeline, readNs: number, bytes: Uint8Array): void {
  const length = bytes.length;
  reserveBody(timeline, length);
  timeline.body.set(bytes, timeline.bodyLength);
  timeline.bodyLength += length;
  recordRead(timeline, readNs, length);
}

/** Adds body bytes `start` to `end` of a read buffer; {@link recordRead} then says when they came. */
export function appendBody(timeline: Timeline, buffer: Buffer, start: number, end: number): void {
  reserveBody(timeline, end - start);
  // copy() needs no view of the read buffer, which subarray() and set() would allocate for each read.
  buffer.copy(timeline.body, timeline.bodyLength, start, end);
  timeline.bodyLength += end - start;
}

/** Says that the last `lengthBytes` bytes of the body came at `readNs`. */
export function recordRead(timeline: Timeline, readNs: number, lengthBytes: number): void {
  const index = timeline.readCount;
  if (index === timeline.readNs.length) growReads(timeline);
  timeline.readNs[index] = readNs;
  timeline.readLengths[index] = lengthBytes;
  timeline.readCount = index + 1;
}

function reserveBody(timeline: Timeline, moreBytes: number): void {
  const neededBytes = timeline.bodyLength + moreBytes;
  if (neededBytes > timeline.body.length) timeline.body = grown(timeline.body, neededBytes);
}

function growReads(timeline: Timeline): void {
  timeline.readNs = grown(timeline.readNs, timeline.readCount + 1);
  timeline.readLengths = grown(timeline.readLengths, timeline.readCount + 1);
}
