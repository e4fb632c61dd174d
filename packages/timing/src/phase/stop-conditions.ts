/** When a phase stops sending: whichever comes first. */
export interface StopConditions {
  /** Requests in all; `null`: as many as fit. */
  readonly requestCount: number | null;
  /** No request starts at or after this (run nanoseconds); `null`: no time limit. */
  readonly stopSendingAtNs: number | null;
}

/** Credits that may still be issued by the request count; infinite without one. */
export function remainingRequestCount(conditions: StopConditions, issuedCount: number): number {
  return conditions.requestCount === null
    ? Number.POSITIVE_INFINITY
    : Math.max(0, conditions.requestCount - issuedCount);
}

/** Whether a request that starts at `timeNs` would start too late. A time of NaN (no due time) never is. */
export function isPastSendingEnd(conditions: StopConditions, timeNs: number): boolean {
  return conditions.stopSendingAtNs !== null && timeNs >= conditions.stopSendingAtNs;
}
