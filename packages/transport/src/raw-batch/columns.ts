import type { RequestErrorCode } from '../request-error.ts';
import type { RequestRecord } from '../request-record.ts';
import type { Timeline } from '../transport.ts';
import type { ColumnField } from './arrow-ipc.ts';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A request record that is filled row by row. */
export type RecordView = Mutable<Omit<RequestRecord, 'timeline'>> & {
  readonly timeline: Timeline;
  /** Filled before {@link Timeline.error} is made from it. */
  readonly errorFields: ErrorFields;
};

/** A request error in columns; an empty code means that there is none. */
export interface ErrorFields {
  code: RequestErrorCode | '';
  type: string;
  message: string;
  /** NaN when absent. */
  httpStatus: number;
}

export type NumberColumnType = 'float64' | 'uint32' | 'uint8';

/** A column with one number a row. */
export interface NumberColumn {
  readonly name: string;
  readonly type: NumberColumnType;
  read(record: RequestRecord): number;
  write(view: RecordView, value: number): void;
}

/** A column with one string a row. */
export interface TextColumn {
  readonly name: string;
  read(record: RequestRecord): string;
  write(view: RecordView, value: string): void;
}

type NumberKey<T> = { [K in keyof T]: T[K] extends number ? K : never }[keyof T];

function ofRecord(name: string, type: NumberColumnType, key: NumberKey<RequestRecord>): NumberColumn {
  return {
    name,
    type,
    read: (record) => record[key],
    write: (view, value) => {
      view[key] = value;
    },
  };
}

function ofTimeline(name: string, type: NumberColumnType, key: NumberKey<Timeline>): NumberColumn {
  return {
    name,
    type,
    read: (record) => record.timeline[key],
    write: (view, value) => {
      view.timeline[key] = value;
    },
  };
}

/**
 * The scalar columns of a raw batch, one row a request. `_ns` columns are run nanoseconds (durations for `turnaround_ns` and
 * `resend_ns`), NaN where the point was not reached. Ids are doubles because Arrow's 64-bit integers would be BigInts here.
 *
 * After them come the text columns, then `read_ns: list<float64>` and `read_lengths: list<uint32>` with one entry a read, then
 * `body: binary`. Schema metadata: `worker_id`, `format_version`.
 */
export const NUMBER_COLUMNS: readonly NumberColumn[] = [
  ofRecord('credit_id', 'float64', 'creditId'),
  ofRecord('phase_index', 'uint32', 'phaseIndex'),
  ofRecord('session_number', 'float64', 'sessionNumber'),
  ofRecord('conversation_index', 'uint32', 'conversationIndex'),
  ofRecord('turn_index', 'uint32', 'turnIndex'),
  ofRecord('credit_issued_ns', 'float64', 'creditIssuedNs'),
  ofRecord('due_ns', 'float64', 'dueNs'),
  ofRecord('turnaround_ns', 'float64', 'turnaroundNs'),
  {
    name: 'cancelled',
    type: 'uint8',
    read: (record) => (record.cancelled ? 1 : 0),
    write: (view, value) => {
      view.cancelled = value === 1;
    },
  },
  ofRecord('input_tokens', 'uint32', 'inputTokens'),
  ofRecord('max_output_tokens', 'float64', 'maxOutputTokens'),
  ofTimeline('queued_ns', 'float64', 'queuedNs'),
  ofTimeline('connect_start_ns', 'float64', 'connectStartNs'),
  ofTimeline('dns_end_ns', 'float64', 'dnsEndNs'),
  ofTimeline('connect_end_ns', 'float64', 'connectEndNs'),
  ofTimeline('start_ns', 'float64', 'startNs'),
  ofTimeline('send_end_ns', 'float64', 'sendEndNs'),
  ofTimeline('headers_ns', 'float64', 'headersNs'),
  ofTimeline('end_ns', 'float64', 'endNs'),
  ofTimeline('status', 'uint32', 'status'),
  {
    name: 'connection_reused',
    type: 'uint8',
    read: (record) => (record.timeline.connectionReused ? 1 : 0),
    write: (view, value) => {
      view.timeline.connectionReused = value === 1;
    },
  },
  ofTimeline('resent_count', 'uint32', 'resentCount'),
  ofTimeline('resend_ns', 'float64', 'resendNs'),
  ofTimeline('request_bytes', 'float64', 'requestBytes'),
  ofTimeline('response_bytes', 'float64', 'responseBytes'),
  ofTimeline('response_reads', 'uint32', 'responseReads'),
  {
    name: 'error_http_status',
    type: 'float64',
    read: (record) => record.timeline.error?.httpStatus ?? Number.NaN,
    write: (view, value) => {
      view.errorFields.httpStatus = value;
    },
  },
];

/** The text columns of a raw batch; an empty `error_code` means that there is no error. */
export const TEXT_COLUMNS: readonly TextColumn[] = [
  {
    name: 'status_text',
    read: (record) => record.timeline.statusText,
    write: (view, value) => {
      view.timeline.statusText = value;
    },
  },
  {
    name: 'content_type',
    read: (record) => record.timeline.contentType,
    write: (view, value) => {
      view.timeline.contentType = value;
    },
  },
  {
    name: 'error_code',
    read: (record) => record.timeline.error?.code ?? '',
    write: (view, value) => {
      view.errorFields.code = value as RequestErrorCode | '';
    },
  },
  {
    name: 'error_type',
    read: (record) => record.timeline.error?.type ?? '',
    write: (view, value) => {
      view.errorFields.type = value;
    },
  },
  {
    name: 'error_message',
    read: (record) => record.timeline.error?.message ?? '',
    write: (view, value) => {
      view.errorFields.message = value;
    },
  },
];

/** Raised when a reader of the old layout would misread the new one. */
export const RAW_BATCH_FORMAT_VERSION = '1';

/** All columns in their order. */
export const RAW_BATCH_FIELDS: readonly ColumnField[] = [
  ...NUMBER_COLUMNS.map(({ name, type }) => ({ name, type })),
  ...TEXT_COLUMNS.map(({ name }) => ({ name, type: 'utf8' as const })),
  { name: 'read_ns', type: 'list<float64>' },
  { name: 'read_lengths', type: 'list<uint32>' },
  { name: 'body', type: 'binary' },
];
