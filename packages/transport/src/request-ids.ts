/**
 * Values of `X-Request-ID` and `X-Correlation-ID`. They follow from the run and the credit, so that the worker that sends them and the
 * record processor that writes them into the row need not exchange them.
 */
export interface RequestIds {
  requestId(phaseIndex: number, creditId: number): string;
  /** One a session. */
  correlationId(phaseIndex: number, sessionNumber: number): string;
}

/** The ids of one run. */
export function createRequestIds(benchmarkId: string): RequestIds {
  return {
    requestId: (phaseIndex, creditId) => `${benchmarkId}-p${phaseIndex}-r${creditId}`,
    correlationId: (phaseIndex, sessionNumber) => `${benchmarkId}-p${phaseIndex}-s${sessionNumber}`,
  };
}
