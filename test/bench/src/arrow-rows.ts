import { open } from 'node:fs/promises';
import { RecordBatchReader } from 'apache-arrow';

/** Rows in an Arrow file, read by the library batch by batch; the file may be larger than memory. */
export async function countArrowRows(path: string): Promise<number> {
  await using file = await open(path);
  const reader = await RecordBatchReader.from(file);
  let rowCount = 0;
  for await (const batch of reader) rowCount += batch.numRows;
  return rowCount;
}
