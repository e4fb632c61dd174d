import {
  Bool,
  Field,
  Float64,
  Int32,
  Int64,
  List,
  Schema,
  TimeUnit,
  Timestamp,
  Utf8,
  type DataType,
} from 'apache-arrow';
import { ArrowRecordSink, encodeRows, type ColumnValues } from '@aiperf/records/file';

function metric(tag: string, type: DataType, unit: string, displayUnit = unit, flags = ''): Field {
  const kind = type instanceof List ? 'record_list' : 'record';
  return new Field(tag, type, true, new Map(Object.entries({ kind, unit, display_unit: displayUnit, flags })));
}

const instant = new Timestamp(TimeUnit.NANOSECOND, 'UTC');

/** Columns as the record file has them, a few metrics of every kind. */
export const recordSchema: Schema = new Schema([
  new Field('session_num', new Int64()),
  new Field('x_request_id', new Utf8(), true),
  new Field('x_correlation_id', new Utf8(), true),
  new Field('conversation_id', new Utf8()),
  new Field('turn_index', new Int32()),
  new Field('worker_id', new Utf8()),
  new Field('record_processor_id', new Utf8()),
  new Field('benchmark_phase', new Utf8()),
  new Field('phase_index', new Int32()),
  new Field('was_cancelled', new Bool()),
  new Field('credit_issued_ns', instant, true),
  new Field('request_start_ns', instant, true),
  new Field('request_ack_ns', instant, true),
  new Field('request_end_ns', instant, true),
  new Field('error_code', new Int32(), true),
  new Field('error_type', new Utf8(), true),
  new Field('error_message', new Utf8(), true),
  new Field('error_kind', new Utf8(), true),
  metric('request_latency', new Int64(), 'ns', 'ms'),
  metric('output_sequence_length', new Int32(), 'tokens'),
  metric('e2e_output_token_throughput', new Float64(), 'tokens/sec/user'),
  metric('http_req_data_received', new Int64(), 'B', 'KB'),
  metric('requested_osl', new Int32(), 'tokens', 'tokens', 'produces_tokens_only,internal'),
  metric('inter_chunk_latency', new List(new Field('item', new Int64(), false)), 'ns', 'ms'),
]);

/** Values by column; what is left out is null. */
export type RecordRow = ColumnValues;

/** Encapsulated message of the rows. */
export function recordMessage(rows: readonly RecordRow[], schema: Schema = recordSchema): Uint8Array {
  return encodeRows(schema, rows);
}

/** Writes a finished record file with one batch for each list of rows. */
export async function writeRecordFile(path: string, batches: readonly (readonly RecordRow[])[]): Promise<void> {
  await using sink = await ArrowRecordSink.create(path, recordSchema);
  for (const rows of batches) await sink.append(recordMessage(rows));
  await sink.finish(new Map());
}
