import { STAMP_COLUMNS, type PhaseKind, type RowColumn } from '@aiperf/records';
import { lastContentNs } from './parsed-record.ts';
import type { RecordSlot } from './record-slots.ts';

/** HTTP's number for a request that the client gave up. */
const CLIENT_CLOSED_REQUEST = 499;

/** Names of things that records know by number. */
export interface RecordNames {
  conversationId(conversationIndex: number): string;
  requestId(phaseIndex: number, creditId: number): string;
  correlationId(phaseIndex: number, sessionNumber: number): string;
}

/** Where a row comes from. */
export interface RowOrigin {
  readonly workerId: string;
  readonly recordProcessorId: string;
  readonly phase: PhaseKind;
  readonly names: RecordNames;
}

type Reader<Value> = (slot: RecordSlot, origin: RowOrigin) => Value;

/** A column that is more than one number of the request, and how it is read from a request. */
export type ComputedColumn = RowColumn &
  (
    | { readonly type: 'utf8'; readonly read: Reader<string | undefined> }
    | { readonly type: 'bool'; readonly read: Reader<boolean> }
    | { readonly type: 'int32' | 'int64' | 'timestamp'; readonly read: Reader<number> }
  );

/** Name, type, kind, header, whether it may be null, and how it is read. */
type Line =
  | readonly [string, 'utf8', RowColumn['kind'], string, '' | 'nullable', Reader<string | undefined>]
  | readonly [string, 'bool', RowColumn['kind'], string, '' | 'nullable', Reader<boolean>]
  | readonly [string, 'int32' | 'int64' | 'timestamp', RowColumn['kind'], string, '' | 'nullable', Reader<number>];

/** By the stamp's column that they follow in the file. */
const COMPUTED_AFTER: Readonly<Record<string, readonly Line[]>> = {
  session_num: [
    ['x_request_id', 'utf8', 'identity', 'X-Request-ID header', 'nullable', requestId],
    ['x_correlation_id', 'utf8', 'identity', 'X-Correlation-ID header', 'nullable', correlationId],
    ['conversation_id', 'utf8', 'identity', 'Conversation', '', conversationId],
  ],
  turn_index: [
    ['worker_id', 'utf8', 'identity', 'Worker that sent the request', '', (_, origin) => origin.workerId],
    [
      'record_processor_id',
      'utf8',
      'identity',
      'Record processor that computed the row',
      '',
      (_, origin) => origin.recordProcessorId,
    ],
    ['benchmark_phase', 'utf8', 'identity', 'warmup or profiling', '', (_, origin) => origin.phase],
  ],
  was_cancelled: [
    [
      'valid',
      'bool',
      'status',
      'Succeeded with output; the record metrics are over these rows',
      '',
      (slot) => slot.isValid,
    ],
  ],
  request_ack_ns: [
    ['first_response_ns', 'timestamp', 'time', 'First content event', 'nullable', firstContentNs],
    ['last_response_ns', 'timestamp', 'time', 'Last content event', 'nullable', lastContentNs],
  ],
  request_end_ns: [
    [
      'request_start_offset_ns',
      'int64',
      'time',
      'Request start on the monotonic clock, since the origin of the run',
      'nullable',
      (slot) => slot.startNs,
    ],
    [
      'request_end_offset_ns',
      'int64',
      'time',
      'Response complete or failed, on the monotonic clock',
      'nullable',
      (slot) => slot.endNs,
    ],
    [
      'due_offset_ns',
      'int64',
      'time',
      'Due to be sent, on the monotonic clock; null in a closed loop',
      'nullable',
      (slot) => slot.dueNs,
    ],
    [
      'error_code',
      'int32',
      'status',
      'HTTP status of a failed request, or 499 for a cancelled one',
      'nullable',
      errorCode,
    ],
    ['error_type', 'utf8', 'status', 'Error name as AIPerf reports it', 'nullable', ({ error }) => error?.type],
    ['error_message', 'utf8', 'status', 'Error message', 'nullable', ({ error }) => error?.message],
    ['error_kind', 'utf8', 'status', 'Closed list of error kinds', 'nullable', ({ error }) => error?.code],
    ['finish_reason', 'utf8', 'status', 'Finish reason of the first choice', 'nullable', (slot) => slot.finishReason],
  ],
  response_reads: [
    ['content_event_count', 'int32', 'status', 'Events that carried output', '', (slot) => slot.contentCount],
    [
      'context_overflow',
      'bool',
      'status',
      "Failed because the prompt did not fit into the model's context",
      '',
      (slot) => slot.isContextOverflow,
    ],
  ],
};

function computedAfter(name: string): ComputedColumn[] {
  return (COMPUTED_AFTER[name] ?? []).map(
    ([name, type, kind, header, nullable, read]) =>
      ({ name, type, kind, header, nullable: nullable !== '', read }) as ComputedColumn,
  );
}

/** Columns that are computed, in the order of the file. */
export const COMPUTED_COLUMNS: readonly ComputedColumn[] = STAMP_COLUMNS.flatMap(({ name }) => computedAfter(name));

/** Columns of every row beside the metrics, in the order of the file. */
export const ROW_COLUMNS: readonly RowColumn[] = STAMP_COLUMNS.flatMap((stamp) =>
  [stamp as RowColumn].concat(computedAfter(stamp.name)),
);

/** In the files of runs that keep the generated texts. */
export const RESPONSE_TEXT_COLUMN: RowColumn = {
  name: 'response_text',
  type: 'utf8',
  kind: 'identity',
  header: 'Text of the response without reasoning; null when it failed',
  nullable: true,
};

/** Row columns that aggregates may read as numbers; instants are left out, because a double does not hold epoch nanoseconds. */
export const ROW_NUMBER_COLUMNS: ReadonlySet<string> = new Set(
  ROW_COLUMNS.filter(({ type }) => type !== 'utf8' && type !== 'timestamp').map(({ name }) => name),
);

function requestId({ phaseIndex, creditId }: RecordSlot, { names }: RowOrigin): string {
  return names.requestId(phaseIndex, creditId);
}

function correlationId({ phaseIndex, sessionNumber }: RecordSlot, { names }: RowOrigin): string {
  return names.correlationId(phaseIndex, sessionNumber);
}

function conversationId({ conversationIndex }: RecordSlot, { names }: RowOrigin): string {
  return names.conversationId(conversationIndex);
}

function firstContentNs({ contentCount, contentNs }: RecordSlot): number {
  return contentCount === 0 ? Number.NaN : (contentNs[0] ?? Number.NaN);
}

function errorCode({ error }: RecordSlot): number {
  if (error === undefined) return Number.NaN;
  return error.httpStatus ?? (error.code === 'cancelled' ? CLIENT_CLOSED_REQUEST : Number.NaN);
}
