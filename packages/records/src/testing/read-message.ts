import { Table, tableFromIPC, tableToIPC, type Schema } from 'apache-arrow';

/** A schema and one encapsulated batch message, read by apache-arrow. */
export function readMessage(schema: Schema, message: Uint8Array): Table {
  const head = tableToIPC(new Table(schema), 'stream');
  const schemaBytes = 8 + new DataView(head.buffer, head.byteOffset).getInt32(4, true);
  return tableFromIPC(Buffer.concat([head.subarray(0, schemaBytes), message]));
}
