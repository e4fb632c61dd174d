import { open, type FileHandle } from 'node:fs/promises';
import { Schema } from 'apache-arrow';
import { openError, positionalReader, readFileContents } from './file-access.ts';
import { END_OF_STREAM } from '../encode/message.ts';
import { encodeFooter } from './ipc-format.ts';

/** Schema metadata key of a file whose footer was written by `recoverArrowFile`. */
export const RECOVERED_KEY = 'aiperf.recovered';

/** What `recoverArrowFile` found and did. */
export interface RecoveryReport {
  /** False when the file was complete already; then nothing was changed. */
  readonly wasRepaired: boolean;
  readonly batchCount: number;
  readonly rowCount: number;
  /** Bytes after the last complete batch, now gone: a batch or a footer that was cut off. */
  readonly droppedBytes: number;
}

/**
 * Gives a file that a crash left without a footer its footer, after its last complete batch. A complete file is left as it is, so
 * calling it twice is harmless. The summary that a normal end adds to the metadata is not there; `aiperf.recovered` is.
 */
export async function recoverArrowFile(path: string): Promise<RecoveryReport> {
  let handle: FileHandle;
  try {
    handle = await open(path, 'r+');
  } catch (error) {
    throw openError(path, error);
  }
  try {
    const { size } = await handle.stat();
    const contents = await readFileContents(positionalReader(handle, path), size, path);
    const { blocks, messagesEndBytes, schema } = contents;
    const counts = { batchCount: blocks.length, rowCount: blocks.reduce((sum, block) => sum + block.rowCount, 0) };
    if (contents.isFinished) return { wasRepaired: false, ...counts, droppedBytes: 0 };
    const marked = new Schema(schema.fields, new Map([...schema.metadata, [RECOVERED_KEY, 'true']]));
    const ending = Buffer.concat([END_OF_STREAM, encodeFooter(marked, blocks)]);
    await handle.truncate(messagesEndBytes);
    await writeAt(handle, ending, messagesEndBytes);
    return { wasRepaired: true, ...counts, droppedBytes: size - messagesEndBytes };
  } finally {
    await handle.close();
  }
}

async function writeAt(handle: FileHandle, bytes: Uint8Array, positionBytes: number): Promise<void> {
  let done = 0;
  while (done < bytes.byteLength) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.byteLength - done, positionBytes + done);
    done += bytesWritten;
  }
}
