import { RecordBatchStreamWriter, type RecordBatch } from 'apache-arrow';
import { END_OF_STREAM, readMessageLayout } from '../file/ipc-format.ts';

/** One encapsulated record batch message, as a record sink takes it. For single batches; it encodes the schema each time. */
export function encodeBatchMessage(batch: RecordBatch): Uint8Array {
  const writer = new RecordBatchStreamWriter();
  writer.write(batch);
  writer.finish();
  const stream = writer.toUint8Array(true);
  const schema = readMessageLayout(stream);
  return stream.slice(schema.metadataBytes + schema.bodyBytes, stream.byteLength - END_OF_STREAM.byteLength);
}
