export { isTimedInputFile, readInputFile } from './loaders/input-file.ts';
