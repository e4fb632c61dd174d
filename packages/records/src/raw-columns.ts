import type { ColumnField, ColumnType } from './encode/arrow-ipc.ts';

export type NumberColumnType = Extract<ColumnType, 'float64' | 'uint32' | 'uint8'>;

/** Gives the columns of a batch one after the other, in the order in which they are asked for. */
export interface ColumnSource {
  float64(name: string): Float64Array;
  uint32(name: string): Uint32Array;
  uint8(name: string): Uint8Array;
}

/**
 * The scalar columns of a raw batch, one row a request. `_ns` columns are run nanoseconds (durations for `turnaround_ns`,
 * `cancel_after_ns` and `resend_ns`), NaN where the point was not reached. Ids are doubles because Arrow's 64-bit integers would be BigInts here.
 *
 * After them come the text columns, then `read_ns: list<float64>` and `read_lengths: list<uint32>` with one entry a read, then
 * `history_replies: list<utf8>` with one entry for each turn before, then `body: binary`. Schema metadata: `worker_id`, `format_version`.
 *
 * Fields and not a list of columns with accessors: the calls of those, each different, cost a worker and a record processor more than the
 * copying.
 */
export class NumberColumns {
  readonly creditId: Float64Array;
  readonly phaseIndex: Uint32Array;
  readonly sessionNumber: Float64Array;
  readonly conversationIndex: Uint32Array;
  readonly turnIndex: Uint32Array;
  readonly creditIssuedNs: Float64Array;
  readonly dueNs: Float64Array;
  readonly turnaroundNs: Float64Array;
  readonly cancelled: Uint8Array;
  readonly cancelAfterNs: Float64Array;
  readonly inputTokens: Uint32Array;
  readonly maxOutputTokens: Float64Array;
  readonly queuedNs: Float64Array;
  readonly connectStartNs: Float64Array;
  readonly dnsEndNs: Float64Array;
  readonly connectEndNs: Float64Array;
  readonly startNs: Float64Array;
  readonly sendEndNs: Float64Array;
  readonly headersNs: Float64Array;
  readonly endNs: Float64Array;
  readonly status: Uint32Array;
  readonly connectionReused: Uint8Array;
  readonly resentCount: Uint32Array;
  readonly resendNs: Float64Array;
  readonly requestBytes: Float64Array;
  readonly responseBytes: Float64Array;
  readonly responseReads: Uint32Array;
  readonly errorHttpStatus: Float64Array;

  constructor(source: ColumnSource) {
    this.creditId = source.float64('credit_id');
    this.phaseIndex = source.uint32('phase_index');
    this.sessionNumber = source.float64('session_number');
    this.conversationIndex = source.uint32('conversation_index');
    this.turnIndex = source.uint32('turn_index');
    this.creditIssuedNs = source.float64('credit_issued_ns');
    this.dueNs = source.float64('due_ns');
    this.turnaroundNs = source.float64('turnaround_ns');
    this.cancelled = source.uint8('cancelled');
    this.cancelAfterNs = source.float64('cancel_after_ns');
    this.inputTokens = source.uint32('input_tokens');
    this.maxOutputTokens = source.float64('max_output_tokens');
    this.queuedNs = source.float64('queued_ns');
    this.connectStartNs = source.float64('connect_start_ns');
    this.dnsEndNs = source.float64('dns_end_ns');
    this.connectEndNs = source.float64('connect_end_ns');
    this.startNs = source.float64('start_ns');
    this.sendEndNs = source.float64('send_end_ns');
    this.headersNs = source.float64('headers_ns');
    this.endNs = source.float64('end_ns');
    this.status = source.uint32('status');
    this.connectionReused = source.uint8('connection_reused');
    this.resentCount = source.uint32('resent_count');
    this.resendNs = source.float64('resend_ns');
    this.requestBytes = source.float64('request_bytes');
    this.responseBytes = source.float64('response_bytes');
    this.responseReads = source.uint32('response_reads');
    this.errorHttpStatus = source.float64('error_http_status');
  }
}

/** The text columns of a raw batch in their order; an empty `error_code` means that there is no error. */
export const TEXT_COLUMN_NAMES = ['status_text', 'content_type', 'error_code', 'error_type', 'error_message'] as const;

/** Raised when a reader of the old layout would misread the new one. */
export const RAW_BATCH_FORMAT_VERSION = '2';

/** The scalar columns in their order. */
export const NUMBER_FIELDS: readonly ColumnField[] = numberFields();

/** All columns in their order. */
export const RAW_BATCH_FIELDS: readonly ColumnField[] = [
  ...NUMBER_FIELDS,
  ...TEXT_COLUMN_NAMES.map((name) => ({ name, type: 'utf8' as const })),
  { name: 'read_ns', type: 'list<float64>' },
  { name: 'read_lengths', type: 'list<uint32>' },
  { name: 'history_replies', type: 'list<utf8>' },
  { name: 'body', type: 'binary' },
];

function numberFields(): ColumnField[] {
  const fields: ColumnField[] = [];
  const field = (name: string, type: NumberColumnType): void => {
    fields.push({ name, type });
  };
  void new NumberColumns({
    float64: (name) => {
      field(name, 'float64');
      return new Float64Array(0);
    },
    uint32: (name) => {
      field(name, 'uint32');
      return new Uint32Array(0);
    },
    uint8: (name) => {
      field(name, 'uint8');
      return new Uint8Array(0);
    },
  });
  return fields;
}
