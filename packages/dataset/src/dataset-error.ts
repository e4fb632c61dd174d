/** Everything that can go wrong in this package, for callers that switch on it. */
export const DATASET_ERROR_CODES = [
  /** A tokenizer was asked for by name and is nowhere to be found. */
  'AIPERF_DATASET_TOKENIZER_NOT_FOUND',
  /** A tokenizer's file exists and cannot be used. */
  'AIPERF_DATASET_TOKENIZER_INVALID',
  /** The tokenizer did not answer, or answered with an error. */
  'AIPERF_DATASET_TOKENIZER_FAILED',
  /** No text with the wanted number of tokens exists or was found for this tokenizer. */
  'AIPERF_DATASET_PROMPT_LENGTH',
  /** An input file cannot be read, or its lines are not what its format says. */
  'AIPERF_DATASET_INPUT_FILE',
  /** The store cannot be written. */
  'AIPERF_DATASET_STORE_WRITE',
  /** The store cannot be read, is cut short, or is not a dataset store at all. */
  'AIPERF_DATASET_STORE_INVALID',
  /** `inputs.json` cannot be written. */
  'AIPERF_DATASET_INPUTS_FILE',
] as const;

/** One of {@link DATASET_ERROR_CODES}. */
export type DatasetErrorCode = (typeof DATASET_ERROR_CODES)[number];

const USAGE_CODES: ReadonlySet<DatasetErrorCode> = new Set(['AIPERF_DATASET_INPUT_FILE']);

/** Thrown by everything in this package that is not a programming mistake. */
export class DatasetError extends Error {
  override readonly name = 'DatasetError';
  readonly code: DatasetErrorCode;

  constructor(code: DatasetErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }

  /** The user's input is at fault, and nothing was sent. */
  get isUsage(): boolean {
    return USAGE_CODES.has(this.code);
  }
}

/** The text of whatever was caught, for use in a message. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
