export { simulateRun } from './simulate-run.ts';
export type { AssumedAnswer, SimulateRunOptions } from './simulate-run.ts';
export type { PhaseForecast, RunForecast, SimulatedRequest } from './forecast.ts';
