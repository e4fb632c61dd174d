/**
 * Values of `X-Request-ID` and `X-Correlation-ID`. They follow from the run and the credit, so that the worker that sends them and the
 * record processor that writes them into the row need not exchange them.
 *
 * They have the shape of version 4 UUIDs, because servers and proxies check that, and always the same length:
 *
 *     rrrrrrrr-rrrr-4ppp-Knnn-nnnnnnnnnnnn    r: the run's random id, p: phase index, n: credit id or session number,
 *                                             K: 8 for a request, 9 for a session (both are valid variant digits)
 */
export interface RequestIds {
  requestId(phaseIndex: number, creditId: number): string;
  /** One a session. */
  correlationId(phaseIndex: number, sessionNumber: number): string;
}

const REQUEST_VARIANT = '8';
const SESSION_VARIANT = '9';

/** The ids of one run; `benchmarkId` is its 12 hex digits. */
export function createRequestIds(benchmarkId: string): RequestIds {
  const runPart = `${benchmarkId.slice(0, 8)}-${benchmarkId.slice(8)}`;
  const idOf = (phaseIndex: number, variant: string, number: number): string => {
    const digits = hexDigits(number, 15);
    return `${runPart}-4${hexDigits(phaseIndex, 3)}-${variant}${digits.slice(0, 3)}-${digits.slice(3)}`;
  };
  return {
    requestId: (phaseIndex, creditId) => idOf(phaseIndex, REQUEST_VARIANT, creditId),
    correlationId: (phaseIndex, sessionNumber) => idOf(phaseIndex, SESSION_VARIANT, sessionNumber),
  };
}

function hexDigits(value: number, count: number): string {
  return value.toString(16).padStart(count, '0');
}
