import { open, type FileHandle } from 'node:fs/promises';
import type { Schema } from 'apache-arrow';
import type { ColumnBatch } from './record-sink.ts';
import { RecordsError } from '../records-error.ts';
import { readColumnBatch, type ArrowColumnBatch, type ReadAt } from '../decode/column-batch.ts';
import { columnLayouts } from '../decode/column-layout.ts';
import { openError, positionalReader, readFileContents, readMessageAt, type FileContents } from './file-access.ts';
import type { BatchBlock } from './ipc-format.ts';

/** Rows that can be visited batch by batch, some columns at a time. */
export interface RecordSource {
  readonly schema: Schema;
  readonly rowCount: number;
  /** Batches in file order with the named columns; one is in memory at a time, and what is not wanted is not read. */
  batches(
    columns: readonly string[],
    wants?: (batchIndex: number) => boolean,
  ): AsyncGenerator<ArrowColumnBatch, void, undefined>;
}

/** Reads an Arrow file that aiperf wrote, finished or not. */
export interface ArrowFileReader extends RecordSource, AsyncDisposable {
  /** False for a file without a footer: the run still goes on, or it crashed. */
  readonly isFinished: boolean;
  /** The schema's metadata; in a finished file with what was added at the end. */
  readonly metadata: ReadonlyMap<string, string>;
  scan(
    columns: readonly string[],
    visit: (batch: ColumnBatch) => void,
    wants?: (batchIndex: number) => boolean,
  ): Promise<void>;
  close(): Promise<void>;
}

/** Opens an Arrow file for reading. Without a footer, the batches that are complete are there. */
export async function openArrowFile(path: string): Promise<ArrowFileReader> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r');
  } catch (error) {
    throw openError(path, error);
  }
  try {
    const { size } = await handle.stat();
    const readAt = positionalReader(handle, path);
    return new OpenFile(handle, readAt, await readFileContents(readAt, size, path));
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** Visits the named columns of the given blocks in order. */
export async function* readBatches(
  readAt: ReadAt,
  schema: Schema,
  blocks: readonly BatchBlock[],
  columns: readonly string[],
): AsyncGenerator<ArrowColumnBatch, void, undefined> {
  const layouts = columnLayouts(schema);
  const wanted = columns.map((name) => {
    const layout = layouts.get(name);
    if (layout === undefined) throw new RecordsError('AIPERF_RECORDS_UNKNOWN_COLUMN', `there is no column "${name}"`);
    return layout;
  });
  for (const block of blocks) {
    const { message } = await readMessageAt(readAt, block.offsetBytes, block.metadataBytes);
    yield await readColumnBatch(readAt, block, message, wanted);
  }
}

class OpenFile implements ArrowFileReader {
  readonly schema: Schema;
  readonly rowCount: number;
  readonly isFinished: boolean;
  readonly #handle: FileHandle;
  readonly #readAt: ReadAt;
  readonly #blocks: readonly BatchBlock[];

  constructor(handle: FileHandle, readAt: ReadAt, contents: FileContents) {
    this.schema = contents.schema;
    this.isFinished = contents.isFinished;
    this.rowCount = contents.blocks.reduce((sum, block) => sum + block.rowCount, 0);
    this.#handle = handle;
    this.#readAt = readAt;
    this.#blocks = contents.blocks;
  }

  get metadata(): ReadonlyMap<string, string> {
    return this.schema.metadata;
  }

  batches(
    columns: readonly string[],
    wants: (batchIndex: number) => boolean = () => true,
  ): AsyncGenerator<ArrowColumnBatch, void, undefined> {
    const blocks = this.#blocks.filter((_, index) => wants(index));
    return readBatches(this.#readAt, this.schema, blocks, columns);
  }

  async scan(
    columns: readonly string[],
    visit: (batch: ColumnBatch) => void,
    wants?: (batchIndex: number) => boolean,
  ): Promise<void> {
    for await (const batch of this.batches(columns, wants)) visit(batch);
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
