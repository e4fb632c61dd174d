import { Bool, Field, Int32, Int64, TimestampNanosecond, Utf8, type DataType } from 'apache-arrow';

/** What a column of the record file that is no metric holds. */
export interface RowColumn {
  readonly name: string;
  readonly type: DataType;
  readonly nullable: boolean;
  readonly header: string;
  /** Absent: no unit. */
  readonly unit?: string;
  readonly kind: 'identity' | 'time' | 'status';
}

const text = new Utf8();
const flag = new Bool();
const count = new Int32();
const wide = new Int64();
const instant = new TimestampNanosecond('UTC');

function column(name: string, type: DataType, kind: RowColumn['kind'], header: string, nullable = false): RowColumn {
  const unit = type === instant || name.endsWith('_ns') ? 'ns' : undefined;
  return { name, type, nullable, header, kind, ...(unit === undefined ? {} : { unit }) };
}

/** Columns of every row beside the metrics, in the order of the file. */
export const ROW_COLUMNS: readonly RowColumn[] = [
  column('session_num', wide, 'identity', 'Session number within the phase'),
  column('x_request_id', text, 'identity', 'X-Request-ID header', true),
  column('x_correlation_id', text, 'identity', 'X-Correlation-ID header', true),
  column('conversation_id', text, 'identity', 'Conversation'),
  column('turn_index', count, 'identity', 'Turn within the conversation'),
  column('worker_id', text, 'identity', 'Worker that sent the request'),
  column('record_processor_id', text, 'identity', 'Record processor that computed the row'),
  column('benchmark_phase', text, 'identity', 'warmup or profiling'),
  column('phase_index', count, 'identity', 'Phase'),
  column('was_cancelled', flag, 'status', 'Cancelled in flight; takes part in no metric'),
  column('valid', flag, 'status', 'Succeeded with output; the record metrics are over these rows'),
  column('credit_issued_ns', instant, 'time', 'Credit issued'),
  column('due_ns', instant, 'time', 'Due to be sent; null in a closed loop', true),
  column('request_queued_ns', instant, 'time', 'Handed to the transport', true),
  column('request_start_ns', instant, 'time', 'Request bytes handed to the socket', true),
  column('request_send_end_ns', instant, 'time', 'Socket took all request bytes', true),
  column('request_ack_ns', instant, 'time', 'Status line and headers complete', true),
  column('first_response_ns', instant, 'time', 'First content event', true),
  column('last_response_ns', instant, 'time', 'Last content event', true),
  column('request_end_ns', instant, 'time', 'Response complete or failed', true),
  column('request_start_offset_ns', wide, 'time', 'Request start on the monotonic clock, since the origin of the run', true),
  column('error_code', count, 'status', 'HTTP status of a failed request, or 499 for a cancelled one', true),
  column('error_type', text, 'status', 'Error name as AIPerf reports it', true),
  column('error_message', text, 'status', 'Error message', true),
  column('error_kind', text, 'status', 'Closed list of error kinds', true),
  column('finish_reason', text, 'status', 'Finish reason of the first choice', true),
  column('resent_count', count, 'status', 'Times the request was sent again after an empty reply'),
  column('resend_ns', wide, 'time', 'Time lost before the second send'),
  column('connection_reused', flag, 'status', 'Sent on a connection used before'),
  column('response_reads', count, 'status', 'Socket reads of the response'),
  column('content_event_count', count, 'status', 'Events that carried output'),
];

/** Row columns that aggregates may read as numbers; instants are left out, because a double does not hold epoch nanoseconds. */
export const ROW_NUMBER_COLUMNS: ReadonlySet<string> = new Set(
  ROW_COLUMNS.filter(({ type }) => type !== text && type !== instant).map(({ name }) => name),
);

/** The Arrow field of a row column. */
export function rowField({ name, type, nullable, header, unit, kind }: RowColumn): Field {
  const metadata = new Map([
    ['header', header],
    ['kind', kind],
  ]);
  if (unit !== undefined) metadata.set('unit', unit);
  return new Field(name, type, nullable, metadata);
}
