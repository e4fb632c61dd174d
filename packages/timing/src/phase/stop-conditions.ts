/** When a phase stops sending: whichever comes first. */
export interface StopConditions {
  /** Requests in all; `null`: as many as fit. */
  readonly requestCount: number | null;
  /** Sessions started in all, each with all its turns; `null`: as many as fit. */
  readonly sessionCount: number | null;
  /** No request starts at or after this (run nanoseconds); `null`: no time limit. */
  readonly stopSendingAtNs: number | null;
}

/** Whether a request that starts at `timeNs` would start too late. A time of NaN (no due time) never is. */
export function isPastSendingEnd(conditions: StopConditions, timeNs: number): boolean {
  return conditions.stopSendingAtNs !== null && timeNs >= conditions.stopSendingAtNs;
}
