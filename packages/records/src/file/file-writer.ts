import { open, type FileHandle } from 'node:fs/promises';
import { Schema } from 'apache-arrow';
import { RecordsError, causeText } from '../records-error.ts';
import type { ReadAt } from '../decode/column-batch.ts';
import { columnLayouts } from '../decode/column-layout.ts';
import { openError, positionalReader } from './file-access.ts';
import { encodeSchemaMessage } from '../encode/arrow-fields.ts';
import { END_OF_STREAM } from '../encode/message.ts';
import { FILE_HEAD, encodeFooter, readMessageLayout, type BatchBlock } from './ipc-format.ts';

interface PendingWrite {
  readonly bytes: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: RecordsError) => void;
}

/**
 * Writes an Arrow file as its batches arrive: magic, then an IPC stream that begins with the schema, at the end the footer. Until
 * then the file can be read as a stream after its first 8 bytes.
 */
export class ArrowFileWriter {
  readonly path: string;
  readonly schema: Schema;
  readonly readAt: ReadAt;
  readonly #handle: FileHandle;
  readonly #blocks: BatchBlock[] = [];
  #pending: PendingWrite[] = [];
  #flushing: Promise<void> | undefined;
  /** End of all bytes accepted so far; those pending are counted. */
  #endBytes = 0;
  #writtenBytes = 0;
  #rowCount = 0;
  #failure: RecordsError | undefined;
  #isClosed = false;

  private constructor(path: string, schema: Schema, handle: FileHandle) {
    this.path = path;
    this.schema = schema;
    this.#handle = handle;
    this.readAt = positionalReader(handle, path);
  }

  /** Creates the file, which must not exist, and writes its schema. */
  static async create(path: string, schema: Schema): Promise<ArrowFileWriter> {
    // Fails here, before the load, on a type that could not be read back for the summary.
    columnLayouts(schema);
    let handle: FileHandle;
    try {
      handle = await open(path, 'wx+');
    } catch (error) {
      throw openError(path, error);
    }
    const writer = new ArrowFileWriter(path, schema, handle);
    try {
      await Promise.all([writer.#write(FILE_HEAD), writer.#write(encodeSchemaMessage(schema))]);
    } catch (error) {
      await handle.close();
      throw error;
    }
    return writer;
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  /** Batches whose bytes were accepted, in order. */
  get blocks(): readonly BatchBlock[] {
    return this.#blocks;
  }

  /** Appends one encapsulated record batch message unchanged. Calls may overlap; the order of the calls is the order in the file. */
  async append(batchMessage: Uint8Array): Promise<void> {
    this.#assertUsable();
    const { kind, metadataBytes, bodyBytes, rowCount } = readMessageLayout(batchMessage);
    const expectedBytes = metadataBytes + bodyBytes;
    if (kind !== 'record_batch' || expectedBytes !== batchMessage.byteLength) {
      throw new RecordsError(
        'AIPERF_RECORDS_BAD_BATCH',
        `expected exactly one record batch message of ${expectedBytes} bytes, found ${kind === 'schema' ? 'a schema' : `${batchMessage.byteLength} bytes`}`,
      );
    }
    this.#blocks.push({ offsetBytes: this.#endBytes, metadataBytes, bodyBytes, rowCount });
    this.#rowCount += rowCount;
    await this.#write(batchMessage);
  }

  /** Resolves when all that was appended has been handed to the file system. */
  async flush(): Promise<void> {
    while (this.#flushing !== undefined) await this.#flushing;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Ends the stream, writes the footer (the schema's metadata with `metadata` added) and closes the file. */
  async finish(metadata: ReadonlyMap<string, string>): Promise<void> {
    this.#assertUsable();
    const { fields } = this.schema;
    const schema = new Schema(fields, new Map([...this.schema.metadata, ...metadata]));
    const writes = [this.#write(END_OF_STREAM), this.#write(encodeFooter(schema, this.#blocks))];
    this.#isClosed = true;
    try {
      await Promise.all(writes);
    } finally {
      await this.#handle.close();
    }
  }

  /** Closes the file without a footer, as after a failure; the file can still be read and recovered. */
  async abandon(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    while (this.#flushing !== undefined) await this.#flushing;
    await this.#handle.close();
  }

  #assertUsable(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#isClosed)
      throw new RecordsError('AIPERF_RECORDS_CLOSED', `${this.path} is finished; nothing more can be written`);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#pending.push({ bytes, resolve, reject });
    this.#endBytes += bytes.byteLength;
    this.#flushing ??= this.#drain();
    return promise;
  }

  /** Writes at once what is pending; what arrives during a write goes out together in the next one. */
  async #drain(): Promise<void> {
    while (this.#pending.length > 0) {
      const batch = this.#pending;
      this.#pending = [];
      try {
        if (this.#failure !== undefined) throw this.#failure;
        await this.#writeFully(batch.map(({ bytes }) => bytes));
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.#failure ??= new RecordsError(
          'AIPERF_RECORDS_WRITE_FAILED',
          `writing ${this.path} failed: ${causeText(error)}`,
          error,
        );
        for (const { reject } of batch) reject(this.#failure);
      }
    }
    this.#flushing = undefined;
  }

  /** The kernel may take only a part, as on a disk that is nearly full. */
  async #writeFully(chunks: Uint8Array[]): Promise<void> {
    let rest = chunks;
    while (rest.length > 0) {
      const { bytesWritten } = await this.#handle.writev(rest, this.#writtenBytes);
      this.#writtenBytes += bytesWritten;
      let skip = bytesWritten;
      let index = 0;
      while (index < rest.length && skip >= (rest[index]?.byteLength ?? 0)) {
        skip -= rest[index]?.byteLength ?? 0;
        index += 1;
      }
      const [first, ...others] = rest.slice(index);
      rest = first === undefined ? [] : [first.subarray(skip), ...others];
    }
  }
}
