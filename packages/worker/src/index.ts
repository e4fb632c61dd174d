export type { WorkerMessages } from './messages.ts';
export { VARIABLE_HEADER_NAMES, Worker } from './worker.ts';
export type { WorkerOptions } from './worker.ts';
