export { buildDataset } from './build-dataset.ts';
export type { DatasetPlan } from './build-dataset.ts';
export { isTimedInputFile, readInputFile } from './loaders/input-file.ts';
export type { InputFileConfig, RecordedDataset } from './loaders/input-file.ts';
