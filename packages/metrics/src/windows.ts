export { rollingWindow } from './live/rolling-window.ts';
export type { LiveBatch, LiveSnapshot, LiveStatistics, RollingWindowOptions } from './live/rolling-window.ts';
