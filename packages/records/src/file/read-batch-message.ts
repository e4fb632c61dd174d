import type { Schema } from 'apache-arrow';
import { type ArrowColumnBatch, readColumnBatch } from '../decode/column-batch.ts';
import { columnLayouts } from '../decode/column-layout.ts';
import { readMessageLayout } from './ipc-format.ts';

/** All columns of one encapsulated record batch message, as a record sink is given it. The message may be reused afterwards. */
export async function readBatchMessage(schema: Schema, batchMessage: Uint8Array): Promise<ArrowColumnBatch> {
  const { message, ...lengths } = readMessageLayout(batchMessage);
  const readAt = (target: Uint8Array, positionBytes: number): Promise<void> => {
    target.set(batchMessage.subarray(positionBytes, positionBytes + target.byteLength));
    return Promise.resolve();
  };
  return await readColumnBatch(readAt, { offsetBytes: 0, ...lengths }, message, [...columnLayouts(schema).values()]);
}
