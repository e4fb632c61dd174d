// The part that every child process needs, without the option schema: loading that would cost each of them some 100 ms from source.
export { decodePlan, encodePlan } from './plan-codec.ts';
export { REDACTED, Secret } from './secret.ts';
export type { ClockOrigin, RunPlan } from './run-plan.ts';
