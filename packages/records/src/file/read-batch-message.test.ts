import { expect, test } from 'vitest';
import { testMessage, testRows, testSchema } from '../testing/test-batches.ts';
import { readBatchMessage } from './read-batch-message.ts';

test('a message on its own gives every column of its rows', async () => {
  const rows = testRows(40, 7);
  const batch = await readBatchMessage(testSchema, testMessage(rows));
  expect(batch.rowCount).toBe(40);
  expect([...batch.numbers('turn')]).toEqual(rows.map(({ turn }) => turn ?? Number.NaN));
  expect(batch.strings('worker')).toEqual(rows.map(({ worker }) => worker));
  const { offsets, values } = batch.list('gaps');
  expect(rows.map((_, row) => [...values.subarray(offsets[row], offsets[row + 1])])).toEqual(
    rows.map(({ gaps }) => gaps ?? []),
  );
});
