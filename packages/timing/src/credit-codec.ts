import { CREDIT_OUTCOMES } from './credit.ts';
import type { CreditBatch, CreditReturnBatch } from './credit.ts';
import { TimingError } from './timing-error.ts';

/*
 * Both messages are little-endian and begin with
 *
 *   u16 magic | u8 version | u8 0 | u32 count | u32 phaseIndex | u32 0
 *
 * grant (magic 0x4743):  f64 issuedNs | f64 ids[count] | f64 sessionNumbers[count] | f64 dueNs[count] | f64 delaysNs[count]
 *                        | f64 cancelAfterNs[count] | u32 conversationIndexes[count] | u32 turnIndexes[count] | u32 turnCounts[count]
 * return (magic 0x5243): f64 sentCount | f64 lastSentNs | f64 startedSessionCount | f64 ids[count] | u8 outcomes[count]
 *
 * A message is exactly as long as its count says.
 */
const GRANT_MAGIC = 0x4743;
const RETURN_MAGIC = 0x5243;
const VERSION = 3;
const COUNT_OFFSET_BYTES = 4;
const PHASE_OFFSET_BYTES = 8;
const HEADER_BYTES = 16;
const GRANT_FIXED_BYTES = HEADER_BYTES + 8;
const GRANT_ROW_BYTES = 52;
const RETURN_FIXED_BYTES = HEADER_BYTES + 24;
const RETURN_ROW_BYTES = 9;

/** The bytes of a `cg` frame. */
export function encodeCreditBatch(batch: CreditBatch): Uint8Array {
  const count = batch.ids.length;
  const bytes = new Uint8Array(GRANT_FIXED_BYTES + count * GRANT_ROW_BYTES);
  const view = writeHeader(bytes, GRANT_MAGIC, count, batch.phaseIndex);
  view.setFloat64(HEADER_BYTES, batch.issuedNs, true);
  let offset = writeDoubles(view, GRANT_FIXED_BYTES, batch.ids);
  offset = writeDoubles(view, offset, batch.sessionNumbers);
  offset = writeDoubles(view, offset, batch.dueNs);
  offset = writeDoubles(view, offset, batch.delaysNs);
  offset = writeDoubles(view, offset, batch.cancelAfterNs);
  offset = writeWords(view, offset, batch.conversationIndexes);
  offset = writeWords(view, offset, batch.turnIndexes);
  writeWords(view, offset, batch.turnCounts);
  return bytes;
}

/** Reads a `cg` frame; anything else is a {@link TimingError} with code `AIPERF_TIMING_CODEC`. */
export function decodeCreditBatch(bytes: Uint8Array): CreditBatch {
  const { view, count, phaseIndex } = readHeader(
    bytes,
    GRANT_MAGIC,
    GRANT_FIXED_BYTES,
    GRANT_ROW_BYTES,
    'credit grant',
  );
  const idsOffset = GRANT_FIXED_BYTES;
  const conversationsOffset = idsOffset + 40 * count;
  return {
    phaseIndex,
    issuedNs: view.getFloat64(HEADER_BYTES, true),
    ids: readNumbers(view, idsOffset, count, 'credit id'),
    sessionNumbers: readNumbers(view, idsOffset + 8 * count, count, 'session number'),
    dueNs: readDoubles(view, idsOffset + 16 * count, count),
    delaysNs: readDoubles(view, idsOffset + 24 * count, count),
    cancelAfterNs: readDoubles(view, idsOffset + 32 * count, count),
    conversationIndexes: readWords(view, conversationsOffset, count),
    turnIndexes: readWords(view, conversationsOffset + 4 * count, count),
    turnCounts: readWords(view, conversationsOffset + 8 * count, count),
  };
}

/** The bytes of a `cr` frame. */
export function encodeCreditReturnBatch(batch: CreditReturnBatch): Uint8Array {
  const count = batch.ids.length;
  const bytes = new Uint8Array(RETURN_FIXED_BYTES + count * RETURN_ROW_BYTES);
  const view = writeHeader(bytes, RETURN_MAGIC, count, batch.phaseIndex);
  view.setFloat64(HEADER_BYTES, batch.sentCount, true);
  view.setFloat64(HEADER_BYTES + 8, batch.lastSentNs, true);
  view.setFloat64(HEADER_BYTES + 16, batch.startedSessionCount, true);
  const offset = writeDoubles(view, RETURN_FIXED_BYTES, batch.ids);
  bytes.set(batch.outcomes, offset);
  return bytes;
}

/** Reads a `cr` frame; anything else is a {@link TimingError} with code `AIPERF_TIMING_CODEC`. */
export function decodeCreditReturnBatch(bytes: Uint8Array): CreditReturnBatch {
  const { view, count, phaseIndex } = readHeader(
    bytes,
    RETURN_MAGIC,
    RETURN_FIXED_BYTES,
    RETURN_ROW_BYTES,
    'credit return',
  );
  const outcomes = bytes.slice(RETURN_FIXED_BYTES + 8 * count);
  for (const outcome of outcomes) {
    if (outcome >= CREDIT_OUTCOMES.length) {
      throw new TimingError('AIPERF_TIMING_CODEC', `credit return: ${outcome} is not the number of an outcome`);
    }
  }
  return {
    phaseIndex,
    ids: readNumbers(view, RETURN_FIXED_BYTES, count, 'credit id'),
    outcomes,
    sentCount: wholeNumber(view.getFloat64(HEADER_BYTES, true), 'count of sent credits'),
    lastSentNs: view.getFloat64(HEADER_BYTES + 8, true),
    startedSessionCount: wholeNumber(view.getFloat64(HEADER_BYTES + 16, true), 'count of sessions'),
  };
}

interface Header {
  readonly view: DataView;
  readonly count: number;
  readonly phaseIndex: number;
}

function writeHeader(bytes: Uint8Array, magic: number, count: number, phaseIndex: number): DataView {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  view.setUint16(0, magic, true);
  view.setUint8(2, VERSION);
  view.setUint32(COUNT_OFFSET_BYTES, count, true);
  view.setUint32(PHASE_OFFSET_BYTES, phaseIndex, true);
  return view;
}

function readHeader(bytes: Uint8Array, magic: number, fixedBytes: number, rowBytes: number, what: string): Header {
  const fail = (problem: string): TimingError => new TimingError('AIPERF_TIMING_CODEC', `${what}: ${problem}`);
  if (bytes.byteLength < fixedBytes) throw fail(`${bytes.byteLength} bytes are fewer than the header's ${fixedBytes}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const foundMagic = view.getUint16(0, true);
  if (foundMagic !== magic) throw fail(`begins with 0x${foundMagic.toString(16)}, expected 0x${magic.toString(16)}`);
  const version = view.getUint8(2);
  if (version !== VERSION) throw fail(`layout version ${version}, expected ${VERSION}`);
  const count = view.getUint32(COUNT_OFFSET_BYTES, true);
  const expectedBytes = fixedBytes + count * rowBytes;
  if (bytes.byteLength !== expectedBytes) {
    throw fail(`${count} credits take ${expectedBytes} bytes, found ${bytes.byteLength}`);
  }
  return { view, count, phaseIndex: view.getUint32(PHASE_OFFSET_BYTES, true) };
}

function writeDoubles(view: DataView, offset: number, values: Float64Array): number {
  for (let i = 0; i < values.length; i += 1) view.setFloat64(offset + 8 * i, values[i] ?? Number.NaN, true);
  return offset + 8 * values.length;
}

function writeWords(view: DataView, offset: number, values: Uint32Array): number {
  for (let i = 0; i < values.length; i += 1) view.setUint32(offset + 4 * i, values[i] ?? 0, true);
  return offset + 4 * values.length;
}

function readDoubles(view: DataView, offset: number, count: number): Float64Array {
  const values = new Float64Array(count);
  for (let i = 0; i < count; i += 1) values[i] = view.getFloat64(offset + 8 * i, true);
  return values;
}

function readNumbers(view: DataView, offset: number, count: number, what: string): Float64Array {
  const values = readDoubles(view, offset, count);
  for (const value of values) wholeNumber(value, what);
  return values;
}

function readWords(view: DataView, offset: number, count: number): Uint32Array {
  const values = new Uint32Array(count);
  for (let i = 0; i < count; i += 1) values[i] = view.getUint32(offset + 4 * i, true);
  return values;
}

function wholeNumber(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new TimingError('AIPERF_TIMING_CODEC', `${value} is not a ${what}`);
}
