export { startAlarm } from './alarm.ts';
export type { Alarm } from './alarm.ts';
export { arrivalTimes } from './arrival-intervals.ts';
export type { ArrivalOptions } from './arrival-intervals.ts';
export { planFixedSchedule } from './fixed-schedule.ts';
export { createPacer } from './pacer.ts';
export type { Pacer, PacerOptions } from './pacer.ts';
export { alarmSleeper, timerSleeper } from './sleeper.ts';
export type { Sleeper } from './sleeper.ts';
export { nodeTimers, startTimerAt } from './timers.ts';
export type { CancelTimer, Timers } from './timers.ts';
export { CREDIT_MESSAGE_KINDS, CREDIT_OUTCOMES } from './credit.ts';
export type {
  Credit,
  CreditBatch,
  CreditOutcome,
  CreditRecall,
  CreditReturnBatch,
  PhaseKind,
  PhaseReference,
  PhaseStart,
  WorkerReady,
} from './credit.ts';
export {
  decodeCreditBatch,
  decodeCreditReturnBatch,
  encodeCreditBatch,
  encodeCreditReturnBatch,
} from './credit-codec.ts';
export { WorkerCredits } from './worker/worker-credits.ts';
export type { StagedRequest } from './worker/staged-requests.ts';
export type { WorkerCreditsOptions } from './worker/worker-credits.ts';
export { TIMING_ERROR_CODES, TimingError } from './timing-error.ts';
export type { TimingErrorCode } from './timing-error.ts';
export type { PhaseCounts, TimingMessages } from './messages.ts';
export { planPhases } from './phase/phase-plan.ts';
export { loadLawOf } from './load-law.ts';
export type { LoadLaw } from './load-law.ts';
