import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { CreditBatch, CreditReturnBatch } from './credit.ts';
import {
  decodeCreditBatch,
  decodeCreditReturnBatch,
  encodeCreditBatch,
  encodeCreditReturnBatch,
} from './credit-codec.ts';

const whole = fc.maxSafeNat();
const time = fc.double({ noDefaultInfinity: true });
const word = fc.nat({ max: 2 ** 32 - 1 });

const grants: fc.Arbitrary<CreditBatch> = fc
  .tuple(word, time, fc.array(fc.tuple(whole, whole, word, word, time, word, time, time), { maxLength: 40 }))
  .map(([phaseIndex, issuedNs, rows]) => ({
    phaseIndex,
    issuedNs,
    ids: Float64Array.from(rows, ([id]) => id),
    sessionNumbers: Float64Array.from(rows, ([, session]) => session),
    conversationIndexes: Uint32Array.from(rows, ([, , conversation]) => conversation),
    turnIndexes: Uint32Array.from(rows, ([, , , turn]) => turn),
    dueNs: Float64Array.from(rows, ([, , , , due]) => due),
    turnCounts: Uint32Array.from(rows, (row) => row[5]),
    delaysNs: Float64Array.from(rows, (row) => row[6]),
    cancelAfterNs: Float64Array.from(rows, (row) => row[7]),
  }));

const returns: fc.Arbitrary<CreditReturnBatch> = fc
  .tuple(word, whole, whole, time, fc.array(fc.tuple(whole, fc.nat({ max: 3 })), { maxLength: 40 }))
  .map(([phaseIndex, sentCount, startedSessionCount, lastSentNs, rows]) => ({
    phaseIndex,
    sentCount,
    startedSessionCount,
    lastSentNs,
    ids: Float64Array.from(rows, ([id]) => id),
    outcomes: Uint8Array.from(rows, ([, outcome]) => outcome),
  }));

/** As bytes arrive: somewhere inside a larger buffer, at any alignment. */
function inside(bytes: Uint8Array, offset: number): Uint8Array {
  const buffer = new Uint8Array(bytes.length + offset + 3).fill(0xee);
  buffer.set(bytes, offset);
  return buffer.subarray(offset, offset + bytes.length);
}

describe('credit codec', () => {
  test('grants survive the trip', () => {
    fc.assert(
      fc.property(grants, fc.nat({ max: 9 }), (batch, offset) => {
        expect(decodeCreditBatch(inside(encodeCreditBatch(batch), offset))).toEqual(batch);
      }),
    );
  });

  test('returns survive the trip', () => {
    fc.assert(
      fc.property(returns, fc.nat({ max: 9 }), (batch, offset) => {
        expect(decodeCreditReturnBatch(inside(encodeCreditReturnBatch(batch), offset))).toEqual(batch);
      }),
    );
  });

  test('foreign bytes are refused, never read past', () => {
    const codec = expect.objectContaining({ code: 'AIPERF_TIMING_CODEC' });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(() => decodeCreditBatch(bytes)).toThrow(codec);
        expect(() => decodeCreditReturnBatch(bytes)).toThrow(codec);
      }),
    );
  });

  test('a message that is cut short or too long is refused', () => {
    fc.assert(
      fc.property(grants, fc.nat(), (batch, cut) => {
        const bytes = encodeCreditBatch(batch);
        const codec = expect.objectContaining({ code: 'AIPERF_TIMING_CODEC' });
        expect(() => decodeCreditBatch(bytes.subarray(0, cut % bytes.length))).toThrow(codec);
        expect(() => decodeCreditBatch(Uint8Array.of(...bytes, 0))).toThrow(codec);
      }),
    );
  });

  const grant = encodeCreditBatch({
    phaseIndex: 1,
    issuedNs: 2,
    ids: Float64Array.of(3),
    sessionNumbers: Float64Array.of(3),
    conversationIndexes: Uint32Array.of(4),
    turnIndexes: Uint32Array.of(0),
    turnCounts: Uint32Array.of(1),
    dueNs: Float64Array.of(Number.NaN),
    delaysNs: Float64Array.of(0),
    cancelAfterNs: Float64Array.of(Number.NaN),
  });
  const giveBack = encodeCreditReturnBatch({
    phaseIndex: 1,
    sentCount: 1,
    startedSessionCount: 1,
    lastSentNs: 5,
    ids: Float64Array.of(3),
    outcomes: Uint8Array.of(2),
  });
  const changed = (bytes: Uint8Array, offset: number, value: number): Uint8Array => {
    const copy = bytes.slice();
    copy[offset] = value;
    return copy;
  };

  test.for<[string, () => unknown, RegExp]>([
    ['the other kind of message', () => decodeCreditBatch(giveBack), /begins with 0x5243, expected 0x4743/],
    [
      'a later version of the layout',
      () => decodeCreditReturnBatch(changed(giveBack, 2, 9)),
      /layout version 9, expected 3/,
    ],
    [
      'an outcome without a name',
      () => decodeCreditReturnBatch(changed(giveBack, giveBack.length - 1, 5)),
      /5 is not the number of an outcome/,
    ],
    ['a credit id that is no whole number', () => decodeCreditBatch(changed(grant, 24, 1)), /is not a credit id/],
    [
      'a count that does not fit the length',
      () => decodeCreditBatch(changed(grant, 4, 2)),
      /2 credits take 128 bytes, found 76/,
    ],
  ])('says what is wrong with %s', ([, decode, message]) => {
    expect(decode).toThrow(message);
  });
});
