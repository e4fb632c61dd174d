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

type Value<Type> = Type extends 'utf8' ? string | undefined : Type extends 'bool' ? boolean : number;

/** A column that is more than one number of the request, and how it is read from a request. */
export type ComputedColumn<Type = RowColumn['type']> = RowColumn & {
  readonly type: Type;
  read(slot: RecordSlot, origin: RowOrigin): Value<Type>;
};

function column<Type extends RowColumn['type']>(
  name: string,
  type: Type,
  kind: RowColumn['kind'],
  header: string,
  read: (slot: RecordSlot, origin: RowOrigin) => Value<Type>,
): ComputedColumn<Type> {
  return { name, type, kind, header, read };
}

/** As {@link column}, of one that may be null. */
function optional<Type extends RowColumn['type']>(...parts: Parameters<typeof column<Type>>): ComputedColumn<Type> {
  return { ...column(...parts), nullable: true };
}

/** By the stamp's column that they follow in the file. */
const COMPUTED_AFTER: Readonly<Record<string, readonly ComputedColumn[]>> = {
  session_num: [
    optional('x_request_id', 'utf8', 'identity', 'X-Request-ID header', (slot, { names }) =>
      names.requestId(slot.phaseIndex, slot.creditId),
    ),
    optional('x_correlation_id', 'utf8', 'identity', 'X-Correlation-ID header', (slot, { names }) =>
      names.correlationId(slot.phaseIndex, slot.sessionNumber),
    ),
    column('conversation_id', 'utf8', 'identity', 'Conversation', (slot, { names }) =>
      names.conversationId(slot.conversationIndex),
    ),
  ],
  turn_index: [
    column('worker_id', 'utf8', 'identity', 'Worker that sent the request', (_, { workerId }) => workerId),
    column(
      'record_processor_id',
      'utf8',
      'identity',
      'Record processor that computed the row',
      (_, { recordProcessorId }) => recordProcessorId,
    ),
    column('benchmark_phase', 'utf8', 'identity', 'warmup or profiling', (_, { phase }) => phase),
  ],
  was_cancelled: [
    column(
      'valid',
      'bool',
      'status',
      'Succeeded with output; the record metrics are over these rows',
      (slot) => slot.isValid,
    ),
  ],
  request_ack_ns: [
    optional('first_response_ns', 'timestamp', 'time', 'First content event', ({ contentCount, contentNs }) =>
      contentCount === 0 ? Number.NaN : (contentNs[0] ?? Number.NaN),
    ),
    optional('last_response_ns', 'timestamp', 'time', 'Last content event', lastContentNs),
  ],
  request_end_ns: [
    optional(
      'request_start_offset_ns',
      'int64',
      'time',
      'Request start on the monotonic clock, since the origin of the run',
      (slot) => slot.startNs,
    ),
    optional(
      'request_end_offset_ns',
      'int64',
      'time',
      'Response complete or failed, on the monotonic clock',
      (slot) => slot.endNs,
    ),
    optional(
      'due_offset_ns',
      'int64',
      'time',
      'Due to be sent, on the monotonic clock; null in a closed loop',
      (slot) => slot.dueNs,
    ),
    optional('error_code', 'int32', 'status', 'HTTP status of a failed request, or 499 for a cancelled one', errorCode),
    optional('error_type', 'utf8', 'status', 'Error name as AIPerf reports it', ({ error }) => error?.type),
    optional('error_message', 'utf8', 'status', 'Error message', ({ error }) => error?.message),
    optional('error_kind', 'utf8', 'status', 'Closed list of error kinds', ({ error }) => error?.code),
    optional('finish_reason', 'utf8', 'status', 'Finish reason of the first choice', (slot) => slot.finishReason),
  ],
  response_reads: [
    column('content_event_count', 'int32', 'status', 'Events that carried output', (slot) => slot.contentCount),
    column(
      'context_overflow',
      'bool',
      'status',
      "Failed because the prompt did not fit into the model's context",
      (slot) => slot.isContextOverflow,
    ),
  ],
};

/** Columns that are computed, in the order of the file. */
export const COMPUTED_COLUMNS: readonly ComputedColumn[] = STAMP_COLUMNS.flatMap(
  ({ name }) => COMPUTED_AFTER[name] ?? [],
);

/** Columns of every row beside the metrics, in the order of the file. */
export const ROW_COLUMNS: readonly RowColumn[] = STAMP_COLUMNS.flatMap((stamp) => [
  stamp,
  ...(COMPUTED_AFTER[stamp.name] ?? []),
]);

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

function errorCode({ error }: RecordSlot): number {
  if (error === undefined) return Number.NaN;
  return error.httpStatus ?? (error.code === 'cancelled' ? CLIENT_CLOSED_REQUEST : Number.NaN);
}
