import type { ArrowColumnBatch } from '@aiperf/records/file';
import { JsonPiece } from './json-bytes.ts';
import type { WriteValue } from './jsonl-columns.ts';
import { entry, type Entry, type RowContext } from './jsonl-metadata.ts';

/** Durations of the phases, in nanoseconds, as the HTTP metrics have them. */
const BLOCKED = 'http_req_blocked';
const DNS = 'http_req_dns_lookup';
const CONNECTING = 'http_req_connecting';
const SENDING = 'http_req_sending';
const WAITING = 'http_req_waiting';
const RECEIVING = 'http_req_receiving';
const QUEUED = 'request_queued_ns';
const START = 'request_start_ns';
const SEND_END = 'request_send_end_ns';
const ACK = 'request_ack_ns';

/** Columns that `trace_data` is made from. */
export const TRACE_COLUMNS: readonly string[] = [
  QUEUED,
  START,
  SEND_END,
  ACK,
  'connection_reused',
  BLOCKED,
  DNS,
  CONNECTING,
  SENDING,
  WAITING,
  RECEIVING,
  'http_req_chunks_sent',
  'http_req_data_sent',
  'http_req_chunks_received',
  'http_req_data_received',
  'http_req_duration',
];

/**
 * Entries of the object `trace_data`, under AIPerf's names. Points in time are those that were stamped and what the durations say of the
 * others; addresses and headers are not recorded.
 */
export function traceEntries(batch: ArrowColumnBatch, { fields }: RowContext): readonly Entry[] {
  const sources = new Sources(batch, fields);
  const at = (key: string, time: Instant): Entry => entry(key, time);
  const length = (key: string, column: string): Entry => entry(key, sources.number(column));
  const start = sources.instant(START);
  const sendEnd = sources.instant(SEND_END);
  const received = sources.after(SEND_END, [WAITING]);
  return [
    entry('trace_type', constant('"aiperf"', sources.instant(QUEUED))),
    at('request_send_start_ns', start),
    at('request_headers_sent_ns', sendEnd),
    at('request_send_end_ns', sendEnd),
    length('request_chunks_count', 'http_req_chunks_sent'),
    length('request_bytes_total', 'http_req_data_sent'),
    at('response_receive_start_ns', received),
    at('response_headers_received_ns', sources.instant(ACK)),
    length('response_chunks_count', 'http_req_chunks_received'),
    length('response_bytes_total', 'http_req_data_received'),
    at('response_receive_end_ns', sources.after(SEND_END, [WAITING, RECEIVING])),
    at('connection_pool_wait_start_ns', sources.instant(QUEUED)),
    at('connection_pool_wait_end_ns', sources.after(QUEUED, [BLOCKED])),
    at('dns_lookup_start_ns', sources.ifSpent(DNS, sources.after(QUEUED, [BLOCKED]))),
    at('dns_lookup_end_ns', sources.ifSpent(DNS, sources.after(QUEUED, [BLOCKED, DNS]))),
    at('tcp_connect_start_ns', sources.ifSpent(CONNECTING, sources.after(QUEUED, [BLOCKED, DNS]))),
    at('tcp_connect_end_ns', sources.ifSpent(CONNECTING, sources.after(QUEUED, [BLOCKED, DNS, CONNECTING]))),
    at('connection_reused_ns', sources.ifSet('connection_reused', start)),
    length('sending_ns', SENDING),
    length('waiting_ns', WAITING),
    length('receiving_ns', RECEIVING),
    length('duration_ns', 'http_req_duration'),
    length('blocked_ns', BLOCKED),
    length('dns_lookup_ns', DNS),
    length('connecting_ns', CONNECTING),
  ];
}

type Instant = WriteValue;

/** Values of one batch; what a file of another mode lacks is never there. */
class Sources {
  readonly #batch: ArrowColumnBatch;
  readonly #fields: RowContext['fields'];

  constructor(batch: ArrowColumnBatch, fields: RowContext['fields']) {
    this.#batch = batch;
    this.#fields = fields;
  }

  number(column: string): WriteValue {
    const values = this.#numbers(column);
    if (values === undefined) return () => false;
    return (row, out) => {
      const value = values[row] ?? Number.NaN;
      if (!Number.isFinite(value)) return false;
      out.integer(value);
      return true;
    };
  }

  instant(column: string): Instant {
    return this.after(column, []);
  }

  /** A point in time and some durations after it. */
  after(column: string, durations: readonly string[]): Instant {
    if (!this.#fields.has(column)) return () => false;
    const times = this.#batch.bigints(column);
    const nulls = this.#batch.nulls(column);
    const parts = durations.map((name) => this.#numbers(name));
    return (row, out) => {
      if (nulls?.[row] === 1) return false;
      let offsetNs = 0;
      for (const part of parts) offsetNs += part?.[row] ?? Number.NaN;
      const timeNs = times[row];
      if (Number.isNaN(offsetNs) || timeNs === undefined) return false;
      out.bigint(timeNs + BigInt(offsetNs));
      return true;
    };
  }

  /** Only where the duration is not zero. */
  ifSpent(column: string, write: WriteValue): WriteValue {
    const values = this.#numbers(column);
    return (row, out) => (values?.[row] ?? 0) > 0 && write(row, out);
  }

  ifSet(column: string, write: WriteValue): WriteValue {
    const values = this.#numbers(column);
    return (row, out) => values?.[row] === 1 && write(row, out);
  }

  #numbers(column: string): Float64Array | undefined {
    return this.#fields.has(column) ? this.#batch.numbers(column) : undefined;
  }
}

/** A text where the row has the value, so that a row without a request has no trace. */
function constant(text: string, isThere: WriteValue): WriteValue {
  const piece = new JsonPiece(text);
  return (row, out) => {
    const before = out.length;
    const hasValue = isThere(row, out);
    out.truncate(before);
    if (hasValue) out.raw(piece);
    return hasValue;
  };
}
