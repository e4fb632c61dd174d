export { percentileOfSorted, PERCENTILES } from './stats/percentile.ts';
export { summarize } from './stats/summary.ts';
export type { Summary } from './stats/summary.ts';
export { createCollector } from './column-summary.ts';
export type { ColumnCollector } from './column-summary.ts';
export { WeightedSummary } from './stats/weighted-summary.ts';
export type { WeightedMoments } from './stats/weighted-summary.ts';
