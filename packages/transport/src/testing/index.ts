export { readRecording, recordedBytes, replayExchange } from './replay.ts';
export type { RecordedExchange, ReplayMode } from './replay.ts';
