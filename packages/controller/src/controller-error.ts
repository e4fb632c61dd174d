import type { RunResults } from '@aiperf/metrics';

/** What can go wrong while a run is started, watched or stopped. */
export const CONTROLLER_ERROR_CODES = [
  /** A file, directory, port or address cannot be used. Found before the load. */
  'AIPERF_CONTROLLER_UNUSABLE',
  /** A service did not start, answer or end in time, or refused a command. */
  'AIPERF_CONTROLLER_SERVICE',
] as const;
export type ControllerErrorCode = (typeof CONTROLLER_ERROR_CODES)[number];

const USAGE_CODES: ReadonlySet<ControllerErrorCode> = new Set(['AIPERF_CONTROLLER_UNUSABLE']);

export class ControllerError extends Error {
  readonly code: ControllerErrorCode;
  /** What had been measured when the run could not go on. */
  readonly results: RunResults | undefined;

  constructor(code: ControllerErrorCode, message: string, options: ErrorOptions & { results?: RunResults } = {}) {
    super(message, options);
    this.name = 'ControllerError';
    this.code = code;
    this.results = options.results;
  }

  /** The user's input is at fault, and nothing was sent. */
  get isUsage(): boolean {
    return USAGE_CODES.has(this.code);
  }
}
