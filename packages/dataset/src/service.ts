export { createDatasetManager } from './service-dataset-manager.ts';
export type { DatasetMessages } from './messages.ts';
