export { analyzeRecords } from './analyze-records.ts';
export type { Analysis, AnalyzedPhase, AnalyzeOptions } from './analyze-records.ts';
