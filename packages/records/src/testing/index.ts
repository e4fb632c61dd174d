export { readMessage } from './read-message.ts';
export { temporaryFolder } from './temporary-folder.ts';
export { TEST_EPOCH_NS, testMessage, testRows, testSchema } from './test-batches.ts';
export type { TestRow } from './test-batches.ts';
