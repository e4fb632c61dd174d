import { expect, test } from 'vitest';
import { RecordSlot } from '../record-slots.ts';
import { interTokenLatency } from './inter-token-latency.ts';

test.for([
  ['the time after the first token, over the tokens that followed', 90, 10, 10],
  ['a single token has no time between tokens', 0, 1, Number.NaN],
  ['tokens that all came in one read say nothing of the time between them', 0, 10, Number.NaN],
] as const)('%s', ([, decodeNs, outputTokens, expected]) => {
  const values = new Map([
    ['decode_duration', decodeNs],
    ['output_sequence_length', outputTokens],
  ]);
  const get = (tag: string): number => values.get(tag) ?? Number.NaN;
  expect(interTokenLatency.compute(new RecordSlot(), { get })).toBe(expected);
});
