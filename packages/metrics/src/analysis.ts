export { analyzeRecords } from './analyze-records.ts';
export type { Analysis, AnalyzedPhase, AnalyzeOptions } from './analyze-records.ts';
export type { LoadLaw, LoadLawOf } from './load-report.ts';
export type { AskedPhase } from './run-config.ts';
