import { Field, Int32, Schema, TimestampNanosecond, Utf8, type DataType } from 'apache-arrow';
import type { RequestRecord } from '@aiperf/records';
import { RecordBatchBuilder, type NumberWriter } from '@aiperf/records/file';
import type { Utf8Writer } from '@aiperf/records/file';
import { splitEvents } from './split-events.ts';

/** Version of the chunk file's layout; its numbers mean the same as those of the record file's. */
export const CHUNK_SCHEMA_VERSION = '1.0';

function column(name: string, type: DataType, header: string, nullable = true): Field {
  const metadata = new Map([['header', header]]);
  if (name.endsWith('_ns')) metadata.set('unit', 'ns');
  return new Field(name, type, nullable, metadata);
}

/**
 * Columns of `profile_export_chunks.arrow`: what was sent and what came back, each request's rows together. A `request` row holds the body
 * that was sent, an `event` row one field of a server-sent event, a `text` row a response that was no stream.
 */
export const CHUNK_FIELDS: readonly Field[] = [
  column('x_request_id', new Utf8(), 'Request, as in the record file', false),
  column('kind', new Utf8(), 'request, event or text', false),
  column(
    'time_ns',
    new TimestampNanosecond('UTC'),
    'Start of the request; arrival of the read that brought the first byte',
  ),
  column('event_index', new Int32(), 'Event within the response; its fields share it'),
  column('read_index', new Int32(), 'Socket read that brought the first byte'),
  column('field', new Utf8(), 'Name of the field: data, event, id, retry or comment'),
  column('value', new Utf8(), 'Body, value of the field, or text', false),
  column('http_status', new Int32(), 'Status of the response; of request rows'),
  column('content_type', new Utf8(), 'Content type of the response; of request rows'),
];

/** Schema of the chunk file. */
export function createChunkSchema(metadata?: ReadonlyMap<string, string>): Schema {
  return new Schema([...CHUNK_FIELDS], new Map([...(metadata ?? []), ['aiperf.schema_version', CHUNK_SCHEMA_VERSION]]));
}

/** What a chunk collector is made of. */
export interface ChunkCollectorOptions {
  /** Wall time of run time 0. */
  readonly originEpochNs: bigint;
  readonly requestId: (record: RequestRecord) => string;
  /** The body that was sent, UTF-8. */
  readonly sentBody: (record: RequestRecord) => Uint8Array;
}

/** Keeps requests and responses as they were on the wire, and gives them away as one Arrow record batch message. */
export class ChunkCollector {
  readonly #options: ChunkCollectorOptions;
  readonly #builder: RecordBatchBuilder;
  readonly #numbers: Readonly<Record<'time_ns' | 'event_index' | 'read_index' | 'http_status', NumberWriter>>;
  readonly #texts: Readonly<Record<'x_request_id' | 'kind' | 'field' | 'value' | 'content_type', Utf8Writer>>;
  /** Bytes of bodies waiting for {@link take}. */
  byteCount = 0;

  constructor(options: ChunkCollectorOptions) {
    this.#options = options;
    const builder = new RecordBatchBuilder(createChunkSchema(), options.originEpochNs);
    this.#builder = builder;
    const [time_ns, event_index] = [builder.numberColumn('time_ns'), builder.numberColumn('event_index')];
    const [read_index, http_status] = [builder.numberColumn('read_index'), builder.numberColumn('http_status')];
    this.#numbers = { time_ns, event_index, read_index, http_status };
    this.#texts = {
      x_request_id: builder.textColumn('x_request_id'),
      kind: builder.textColumn('kind'),
      field: builder.textColumn('field'),
      value: builder.textColumn('value'),
      content_type: builder.textColumn('content_type'),
    };
  }

  add(record: RequestRecord): void {
    const { timeline } = record;
    const id = this.#options.requestId(record);
    const body = this.#options.sentBody(record);
    this.byteCount += body.length + timeline.bodyLength;
    const row = this.#begin(
      id,
      'request',
      Number.isNaN(timeline.startNs) ? timeline.queuedNs : timeline.startNs,
      text(body),
    );
    if (timeline.status > 0) this.#numbers.http_status.set(row, timeline.status);
    if (timeline.contentType !== '') this.#texts.content_type.set(row, timeline.contentType);
    this.#builder.endRow();
    if (timeline.bodyLength === 0) return;
    if (/^text\/event-stream\b/iu.test(timeline.contentType)) {
      splitEvents(timeline, ({ eventIndex, readIndex, name, value }) => {
        const eventRow = this.#begin(id, 'event', timeline.readNs[readIndex] ?? Number.NaN, value);
        this.#numbers.event_index.set(eventRow, eventIndex);
        this.#numbers.read_index.set(eventRow, readIndex);
        this.#texts.field.set(eventRow, name);
        this.#builder.endRow();
      });
      return;
    }
    // The text is there when its last read is.
    const readIndex = timeline.readCount - 1;
    const textRow = this.#begin(
      id,
      'text',
      timeline.readNs[readIndex] ?? Number.NaN,
      text(timeline.body.subarray(0, timeline.bodyLength)),
    );
    this.#numbers.read_index.set(textRow, readIndex);
    this.#builder.endRow();
  }

  /** All rows since the last call, or `undefined` when there are none. */
  take(): Uint8Array | undefined {
    this.byteCount = 0;
    return this.#builder.rowCount === 0 ? undefined : this.#builder.take();
  }

  #begin(id: string, kind: string, timeNs: number, value: string): number {
    const row = this.#builder.rowCount;
    this.#texts.x_request_id.set(row, id);
    this.#texts.kind.set(row, kind);
    this.#texts.value.set(row, value);
    this.#numbers.time_ns.set(row, timeNs);
    return row;
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
}
