import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { digestColumns, writeFedRecordFile, type ColumnDigest } from './support/fed-record-file.ts';
import { temporaryFolder } from './support/temporary-folder.ts';

const GOLDEN = new URL('../../data/record-file/columns.json', import.meta.url);

test('the record file of fed stamps is the same, column by column, as before the columns had a package of their own', async () => {
  await using folder = await temporaryFolder();
  const columns = await digestColumns(await writeFedRecordFile(folder.path));
  const golden = JSON.parse(await readFile(GOLDEN, 'utf8')) as ColumnDigest[];
  expect(columns).toEqual(golden);
});
