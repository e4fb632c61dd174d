import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRawBatchDecoder } from './decode/raw-batch-decoder.ts';
import { RawBatchWriter } from './build/raw-batch-writer.ts';
import { NUMBER_NAMES } from './request-columns.ts';
import { REQUEST_ERROR_CODES } from './request-error.ts';
import { RequestRecord } from './request-record.ts';
import { appendRead } from './timeline.ts';

const writer = new RawBatchWriter('worker_1');
const decode = await createRawBatchDecoder();

const stamp = fc.oneof(fc.integer({ min: 0, max: 2 ** 53 - 1 }), fc.constant(Number.NaN));
const id = fc.integer({ min: 0, max: 2 ** 53 - 1 });
const count = fc.integer({ min: 0, max: 2 ** 32 - 1 });
const error = fc.option(
  fc.record(
    {
      code: fc.constantFrom(...REQUEST_ERROR_CODES),
      message: fc.string({ unit: 'grapheme' }),
      type: fc.string(),
      httpStatus: fc.integer({ min: 100, max: 599 }),
    },
    { requiredKeys: ['code', 'message', 'type'], noNullPrototype: true },
  ),
  { nil: undefined },
);
const timeline = fc.record({
  queuedNs: stamp,
  connectStartNs: stamp,
  dnsEndNs: stamp,
  connectEndNs: stamp,
  startNs: stamp,
  sendEndNs: stamp,
  headersNs: stamp,
  endNs: stamp,
  status: fc.integer({ min: 0, max: 999 }),
  statusText: fc.string(),
  contentType: fc.string(),
  connectionReused: fc.boolean(),
  resentCount: fc.nat({ max: 1 }),
  resendNs: fc.nat(),
  requestBytes: fc.nat(),
  responseBytes: id,
  responseReads: count,
  error,
  reads: fc.array(fc.tuple(stamp, fc.uint8Array({ maxLength: 20 }))),
});
const record: fc.Arbitrary<RequestRecord> = fc
  .record({
    creditId: id,
    phaseIndex: fc.nat(),
    sessionNumber: id,
    conversationIndex: count,
    turnIndex: count,
    creditIssuedNs: stamp,
    dueNs: stamp,
    turnaroundNs: stamp,
    cancelled: fc.boolean(),
    inputTokens: count,
    historyReplies: fc.array(fc.string({ unit: 'grapheme' }), { maxLength: 4 }),
    maxOutputTokens: stamp,
    timeline,
  })
  .map(({ timeline: { reads, ...stamps }, ...fields }) => {
    const record = Object.assign(new RequestRecord(), fields);
    for (const [readNs, bytes] of reads) appendRead(record.timeline, readNs, bytes);
    Object.assign(record.timeline, stamps);
    return record;
  });

/** The record as it is meant: only the valid part of each buffer. */
function validPart({ numbers, historyReplies, timeline }: RequestRecord): object {
  const { statusText, contentType, error } = timeline;
  return {
    numbers: [...numbers],
    historyReplies,
    texts: { statusText, contentType, error },
    readNs: [...timeline.readNs.subarray(0, timeline.readCount)],
    readLengths: [...timeline.readLengths.subarray(0, timeline.readCount)],
    body: [...timeline.body.subarray(0, timeline.bodyLength)],
  };
}

test('a number that was named is told apart from all others', () => {
  const record = new RequestRecord();
  const names = NUMBER_NAMES.filter((name) => name !== 'cancelled' && name !== 'connectionReused');
  for (const [i, name] of names.entries()) Object.assign(record, { [name]: i + 1 });
  expect(names.map((name) => record.timeline[name as 'status'])).toStrictEqual(names.map((_, i) => i + 1));
});

test('what is written is read back, batch after batch from one writer', () => {
  fc.assert(
    fc.property(fc.array(record, { minLength: 1 }), (records) => {
      for (const record of records) writer.append(record);
      expect(writer.rowCount).toBe(records.length);
      const batch = decode(writer.take());
      expect(writer.rowCount).toBe(0);
      expect(writer.byteLength).toBe(0);
      expect(batch.workerId).toBe('worker_1');
      expect(batch.rowCount).toBe(records.length);
      for (const [row, record] of records.entries()) {
        expect(validPart(batch.record(row))).toStrictEqual(validPart(record));
      }
    }),
  );
});

function sampleRecord(creditId: number, bodyBytes: number): RequestRecord {
  const record = Object.assign(new RequestRecord(), { creditId, sessionNumber: creditId, inputTokens: 3 });
  appendRead(record.timeline, creditId, new Uint8Array(bodyBytes).fill(creditId % 251));
  return record;
}

test('rows, reads and bodies beyond the first capacity keep their order', () => {
  for (let i = 0; i < 1000; i++) writer.append(sampleRecord(i, 1000));
  const batch = decode(writer.take());
  const wrong = Array.from({ length: 1000 }, (_, i) => i).filter((i) => {
    const { creditId, timeline } = batch.record(i);
    return creditId !== i || timeline.bodyLength !== 1000 || timeline.body[999] !== i % 251 || timeline.readNs[0] !== i;
  });
  expect(wrong).toStrictEqual([]);
});

test('bytes at an odd address are read all the same', () => {
  writer.append(sampleRecord(7, 5));
  const bytes = writer.take();
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  expect(decode(shifted.subarray(1)).record(0).creditId).toBe(7);
});

test('a row that is not there is refused', () => {
  writer.append(sampleRecord(7, 5));
  const batch = decode(writer.take());
  expect(() => batch.record(1)).toThrow('rows 0 to 0');
});

test('byteLength is near the size of what take gives', () => {
  for (let i = 0; i < 500; i++) writer.append(sampleRecord(i, 300));
  const expected = writer.byteLength;
  const { length } = writer.take();
  expect(length / expected).toBeGreaterThan(0.8);
  expect(length / expected).toBeLessThan(1.2);
});
