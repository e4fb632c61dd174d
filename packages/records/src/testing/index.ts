export { readMessage } from './read-message.ts';
export { temporaryFolder } from './temporary-folder.ts';
export { testMessage, testRows, testSchema } from './test-batches.ts';
export type { TestRow } from './test-batches.ts';
