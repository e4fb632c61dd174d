import type { Timeline } from '@aiperf/records';

const LF = 0x0a;
const CR = 0x0d;
const COLON = 0x3a;
const SPACE = 0x20;

/** One field of a server-sent event as it came. */
export interface EventField {
  readonly eventIndex: number;
  /** Read that brought the event's first byte. */
  readonly readIndex: number;
  /** Name in front of the colon; `comment` for a line that begins with one. */
  readonly name: string;
  readonly value: string;
}

type EventStream = Pick<Timeline, 'body' | 'bodyLength' | 'readLengths' | 'readCount'>;

/**
 * Visits the fields of every event of a body, line by line and nothing left out. What a response means is another's business: lines of data
 * are not joined, and an event that was cut off is told as far as it came.
 */
export function splitEvents(stream: EventStream, visit: (field: EventField) => void): void {
  const body = Buffer.from(stream.body.buffer, stream.body.byteOffset, stream.bodyLength);
  let eventIndex = 0;
  let readIndex = 0;
  let readEnd = stream.readLengths[0] ?? 0;
  let isInEvent = false;
  for (let start = hasByteOrderMark(body) ? 3 : 0; start < body.length;) {
    const end = lineEnd(body, start);
    if (end === start) {
      if (isInEvent) eventIndex += 1;
      isInEvent = false;
    } else {
      if (!isInEvent) {
        while (start >= readEnd && readIndex < stream.readCount - 1) {
          readIndex += 1;
          readEnd += stream.readLengths[readIndex] ?? 0;
        }
      }
      isInEvent = true;
      visit({ eventIndex, readIndex, ...field(body, start, end) });
    }
    start = body[end] === CR && body[end + 1] === LF ? end + 2 : end + 1;
  }
}

function field(body: Buffer, start: number, end: number): { name: string; value: string } {
  const colon = body.subarray(start, end).indexOf(COLON);
  if (colon < 0) return { name: body.toString('utf8', start, end), value: '' };
  const after = start + colon + 1;
  const value = body.toString('utf8', after < end && body[after] === SPACE ? after + 1 : after, end);
  return { name: colon === 0 ? 'comment' : body.toString('utf8', start, start + colon), value };
}

function lineEnd(body: Buffer, start: number): number {
  const lineFeed = body.indexOf(LF, start);
  const limit = lineFeed < 0 ? body.length : lineFeed;
  // A carriage return ends a line too; it is the exception, so only the line itself is searched for one.
  const carriageReturn = body.subarray(start, limit).indexOf(CR);
  return carriageReturn < 0 ? limit : start + carriageReturn;
}

function hasByteOrderMark(body: Buffer): boolean {
  return body[0] === 0xef && body[1] === 0xbb && body[2] === 0xbf;
}
