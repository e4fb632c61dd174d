/** Types of row columns, named here so that this table can be read without loading Arrow. `timestamp` is nanoseconds in UTC. */
export type RowColumnType = 'utf8' | 'bool' | 'int32' | 'int64' | 'timestamp';

/** What a column of the record file that is no metric holds. */
export interface RowColumn {
  readonly name: string;
  readonly type: RowColumnType;
  readonly nullable: boolean;
  readonly header: string;
  /** Absent: no unit. */
  readonly unit?: string;
  readonly kind: 'identity' | 'time' | 'status';
}

function column(
  name: string,
  type: RowColumnType,
  kind: RowColumn['kind'],
  header: string,
  nullable = false,
): RowColumn {
  const unit = type === 'timestamp' || name.endsWith('_ns') ? 'ns' : undefined;
  return { name, type, nullable, header, kind, ...(unit === undefined ? {} : { unit }) };
}

/** Columns of every row beside the metrics, in the order of the file. */
export const ROW_COLUMNS: readonly RowColumn[] = [
  column('session_num', 'int64', 'identity', 'Session number within the phase'),
  column('x_request_id', 'utf8', 'identity', 'X-Request-ID header', true),
  column('x_correlation_id', 'utf8', 'identity', 'X-Correlation-ID header', true),
  column('conversation_id', 'utf8', 'identity', 'Conversation'),
  column('turn_index', 'int32', 'identity', 'Turn within the conversation'),
  column('worker_id', 'utf8', 'identity', 'Worker that sent the request'),
  column('record_processor_id', 'utf8', 'identity', 'Record processor that computed the row'),
  column('benchmark_phase', 'utf8', 'identity', 'warmup or profiling'),
  column('phase_index', 'int32', 'identity', 'Phase'),
  column('was_cancelled', 'bool', 'status', 'Cancelled in flight; takes part in no metric'),
  column('valid', 'bool', 'status', 'Succeeded with output; the record metrics are over these rows'),
  column('credit_issued_ns', 'timestamp', 'time', 'Credit issued'),
  column('due_ns', 'timestamp', 'time', 'Due to be sent; null in a closed loop', true),
  column('request_queued_ns', 'timestamp', 'time', 'Handed to the transport', true),
  column('request_start_ns', 'timestamp', 'time', 'Request bytes handed to the socket', true),
  column('request_send_end_ns', 'timestamp', 'time', 'Socket took all request bytes', true),
  column('request_ack_ns', 'timestamp', 'time', 'Status line and headers complete', true),
  column('first_response_ns', 'timestamp', 'time', 'First content event', true),
  column('last_response_ns', 'timestamp', 'time', 'Last content event', true),
  column('request_end_ns', 'timestamp', 'time', 'Response complete or failed', true),
  column(
    'request_start_offset_ns',
    'int64',
    'time',
    'Request start on the monotonic clock, since the origin of the run',
    true,
  ),
  column('request_end_offset_ns', 'int64', 'time', 'Response complete or failed, on the monotonic clock', true),
  column('due_offset_ns', 'int64', 'time', 'Due to be sent, on the monotonic clock; null in a closed loop', true),
  column('error_code', 'int32', 'status', 'HTTP status of a failed request, or 499 for a cancelled one', true),
  column('error_type', 'utf8', 'status', 'Error name as AIPerf reports it', true),
  column('error_message', 'utf8', 'status', 'Error message', true),
  column('error_kind', 'utf8', 'status', 'Closed list of error kinds', true),
  column('finish_reason', 'utf8', 'status', 'Finish reason of the first choice', true),
  column('resent_count', 'int32', 'status', 'Times the request was sent again after an empty reply'),
  column('resend_ns', 'int64', 'time', 'Time lost before the second send'),
  column('connection_reused', 'bool', 'status', 'Sent on a connection used before'),
  column('response_reads', 'int32', 'status', 'Socket reads of the response'),
  column('content_event_count', 'int32', 'status', 'Events that carried output'),
  column('context_overflow', 'bool', 'status', "Failed because the prompt did not fit into the model's context"),
];

/** In the files of runs that keep the generated texts. */
export const RESPONSE_TEXT_COLUMN: RowColumn = column(
  'response_text',
  'utf8',
  'identity',
  'Text of the response without reasoning; null when it failed',
  true,
);

/** Row columns that aggregates may read as numbers; instants are left out, because a double does not hold epoch nanoseconds. */
export const ROW_NUMBER_COLUMNS: ReadonlySet<string> = new Set(
  ROW_COLUMNS.filter(({ type }) => type !== 'utf8' && type !== 'timestamp').map(({ name }) => name),
);
