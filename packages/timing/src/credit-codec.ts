import { columnsOf, mapColumns, viewLike } from './column-table.ts';
import type { NumberColumn } from './column-table.ts';
import { CREDIT_OUTCOMES } from './credit.ts';
import type { CreditBatch, CreditReturnBatch } from './credit.ts';
import { CreditColumns, ReturnColumns } from './credit-columns.ts';
import { TimingError } from './timing-error.ts';

/*
 * Both messages are little-endian and begin with
 *
 *   u16 magic | u8 version | u8 0 | u32 count | u32 phaseIndex | u32 0
 *
 * grant (magic 0x4743):  f64 issuedNs | the columns of CreditColumns
 * return (magic 0x5243): f64 sentCount | f64 lastSentNs | f64 startedSessionCount | the columns of ReturnColumns
 *
 * Columns follow one another without a gap, with `count` values each; the wide ones come first, so that all are aligned. A message is exactly as long as its count says.
 */
const VERSION = 3;
const COUNT_OFFSET_BYTES = 4;
const PHASE_OFFSET_BYTES = 8;
const HEADER_BYTES = 16;

/** One kind of message. */
interface Layout<C> {
  readonly what: string;
  readonly magic: number;
  /** What comes before the columns. */
  readonly fixedBytes: number;
  /** Columns of the right types. */
  readonly columns: C;
  readonly rowBytes: number;
}

const GRANT = layout('credit grant', 0x4743, HEADER_BYTES + 8, columnsOf(new CreditColumns()));
const RETURN = layout('credit return', 0x5243, HEADER_BYTES + 24, columnsOf(new ReturnColumns()));

/** The bytes of a `cg` frame. */
export function encodeCreditBatch(batch: CreditBatch): Uint8Array {
  const { bytes, view } = write(GRANT, batch.phaseIndex, batch.ids.length, batch);
  view.setFloat64(HEADER_BYTES, batch.issuedNs, true);
  return bytes;
}

/** Reads a `cg` frame; anything else is a {@link TimingError} with code `AIPERF_TIMING_CODEC`. */
export function decodeCreditBatch(bytes: Uint8Array): CreditBatch {
  const { view, phaseIndex, columns } = read(GRANT, bytes);
  for (const id of columns.ids) wholeNumber(id, 'credit id');
  for (const sessionNumber of columns.sessionNumbers) wholeNumber(sessionNumber, 'session number');
  return { phaseIndex, issuedNs: view.getFloat64(HEADER_BYTES, true), ...columns };
}

/** The bytes of a `cr` frame. */
export function encodeCreditReturnBatch(batch: CreditReturnBatch): Uint8Array {
  const { bytes, view } = write(RETURN, batch.phaseIndex, batch.ids.length, batch);
  view.setFloat64(HEADER_BYTES, batch.sentCount, true);
  view.setFloat64(HEADER_BYTES + 8, batch.lastSentNs, true);
  view.setFloat64(HEADER_BYTES + 16, batch.startedSessionCount, true);
  return bytes;
}

/** Reads a `cr` frame; anything else is a {@link TimingError} with code `AIPERF_TIMING_CODEC`. */
export function decodeCreditReturnBatch(bytes: Uint8Array): CreditReturnBatch {
  const { view, phaseIndex, columns } = read(RETURN, bytes);
  for (const id of columns.ids) wholeNumber(id, 'credit id');
  for (const outcome of columns.outcomes) {
    if (outcome >= CREDIT_OUTCOMES.length) {
      throw new TimingError('AIPERF_TIMING_CODEC', `credit return: ${outcome} is not the number of an outcome`);
    }
  }
  return {
    phaseIndex,
    sentCount: wholeNumber(view.getFloat64(HEADER_BYTES, true), 'count of sent credits'),
    lastSentNs: view.getFloat64(HEADER_BYTES + 8, true),
    startedSessionCount: wholeNumber(view.getFloat64(HEADER_BYTES + 16, true), 'count of sessions'),
    ...columns,
  };
}

function layout<C extends object>(what: string, magic: number, fixedBytes: number, columns: C): Layout<C> {
  const rowBytes = (Object.values(columns) as NumberColumn[]).reduce(
    (sum, column) => sum + column.BYTES_PER_ELEMENT,
    0,
  );
  return { what, magic, fixedBytes, columns, rowBytes };
}

function write<C extends object>(
  { magic, fixedBytes, rowBytes, columns }: Layout<C>,
  phaseIndex: number,
  count: number,
  values: C,
): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(fixedBytes + count * rowBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, magic, true);
  view.setUint8(2, VERSION);
  view.setUint32(COUNT_OFFSET_BYTES, count, true);
  view.setUint32(PHASE_OFFSET_BYTES, phaseIndex, true);
  let offset = fixedBytes;
  mapColumns(columns, (type, name) => {
    const column = viewLike(type, bytes.buffer, offset, count);
    column.set(values[name as keyof C] as NumberColumn);
    offset += column.byteLength;
    return column;
  });
  return { bytes, view };
}

function read<C extends object>(
  { what, magic, fixedBytes, rowBytes, columns }: Layout<C>,
  bytes: Uint8Array,
): { view: DataView; phaseIndex: number; columns: C } {
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
  // A copy of its own, because a message may begin at any address.
  const { buffer } = new Uint8Array(bytes);
  let offset = fixedBytes;
  const readColumns = mapColumns(columns, (type) => {
    const column = viewLike(type, buffer, offset, count);
    offset += column.byteLength;
    return column;
  });
  return { view, phaseIndex: view.getUint32(PHASE_OFFSET_BYTES, true), columns: readColumns };
}

function wholeNumber(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new TimingError('AIPERF_TIMING_CODEC', `${value} is not a ${what}`);
}
