import type { Schema } from 'apache-arrow';
import type { ColumnBatch, OpenRecordSink, RecordSink } from './record-sink.ts';
import type { ArrowColumnBatch } from '../decode/column-batch.ts';
import { readBatches, type RecordSource } from './file-reader.ts';
import { ArrowFileWriter } from './file-writer.ts';

/** Record sink over an Arrow file. Batches are read back from the file itself, so memory does not grow with the rows. */
export class ArrowRecordSink implements RecordSink, RecordSource, AsyncDisposable {
  readonly #writer: ArrowFileWriter;

  private constructor(writer: ArrowFileWriter) {
    this.#writer = writer;
  }

  /** Creates the file, which must not exist, and writes its schema. */
  static async create(path: string, schema: Schema): Promise<ArrowRecordSink> {
    return new ArrowRecordSink(await ArrowFileWriter.create(path, schema));
  }

  get schema(): Schema {
    return this.#writer.schema;
  }

  get rowCount(): number {
    return this.#writer.rowCount;
  }

  async append(batchMessage: Uint8Array): Promise<void> {
    await this.#writer.append(batchMessage);
  }

  async *batches(
    columns: readonly string[],
    wants: (batchIndex: number) => boolean = () => true,
  ): AsyncGenerator<ArrowColumnBatch, void, undefined> {
    const blocks = this.#writer.blocks.filter((_, index) => wants(index));
    await this.#writer.flush();
    yield* readBatches(this.#writer.readAt, this.schema, blocks, columns);
  }

  /** Rows appended after the call are not visited. 64-bit integers beyond 2^53, such as epoch nanoseconds, are rounded by `numbers`. */
  async scan(
    columns: readonly string[],
    visit: (batch: ColumnBatch) => void,
    wants?: (batchIndex: number) => boolean,
  ): Promise<void> {
    for await (const batch of this.batches(columns, wants)) visit(batch);
  }

  async finish(metadata: ReadonlyMap<string, string>): Promise<void> {
    await this.#writer.finish(metadata);
  }

  /** Closes a file that was not finished; it can still be read and recovered. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.abandon();
  }
}

/** Makes the sink factory that a records manager is given. */
export function arrowRecordSink(path: string): OpenRecordSink {
  return (schema) => ArrowRecordSink.create(path, schema);
}
