export { createClock, createClockOrigin } from './clock.ts';
export type { Clock, EpochNs, MonotonicNs } from './clock.ts';
export { CREDIT_OUTCOMES } from './credit.ts';
export type { Credit, CreditBatch, CreditOutcome, CreditReturnBatch, PhaseKind, PhaseStart } from './credit.ts';
export type { PhaseCounts, TimingMessages } from './messages.ts';
