import { expect, test } from 'vitest';
import { FIELD_ROWS, LOAD_ROWS } from './load-table.ts';

test('no two fields share a key of a file', () => {
  const keys = FIELD_ROWS.flatMap(([, { fileKeys }]) => fileKeys);
  expect(new Set(keys).size).toBe(keys.length);
  expect(FIELD_ROWS.filter(([, { fileKeys }]) => fileKeys.length === 0)).toEqual([]);
});

test('a companion stands above, so that a warm-up inherits it first', () => {
  const fields = FIELD_ROWS.map(([field]) => field);
  for (const [field, { needs }] of FIELD_ROWS) {
    if (needs !== undefined) expect(fields.indexOf(needs), field).toBeLessThan(fields.indexOf(field));
  }
});

test('what a warm-up inherits and cannot be given is left to the load alone', () => {
  const silent = LOAD_ROWS.filter(([, row]) => row.inherits !== undefined && row.warmup === undefined);
  expect(silent.map(([key]) => key)).toEqual(['requestRateSeries', 'arrivalSmoothness']);
});
