import type { RawBatchReader } from './raw-batch-reader.ts';

/** Loads the Arrow library, which workers do without, and makes a decoder of raw batches. */
export async function createRawBatchDecoder(): Promise<(bytes: Uint8Array) => RawBatchReader> {
  const { RawBatchReader } = await import('./raw-batch-reader.ts');
  return (bytes) => new RawBatchReader(bytes);
}
