import { readMessage } from '@aiperf/records/testing';
import { RequestRecord, type RequestNumbers } from '@aiperf/records';
import type { Schema, Table, Vector } from 'apache-arrow';
import type { ColumnBatch, RecordSink } from '@aiperf/records/file';

export { CHAT_MODE } from './metric-mode.ts';

/** One read of a response: when it came and what it brought. */
export type Read = readonly [atNs: number, text: string];

/** A content event as chat servers send it. */
export function contentEvent(delta: Record<string, unknown>, finishReason: string | null = null): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finishReason }] })}\n\n`;
}

type Overrides = Partial<Omit<RequestRecord, 'timeline' | 'numbers' | 'copy'>> & {
  readonly timeline?: Partial<Omit<RequestRecord['timeline'], 'numbers'>>;
  readonly reads?: readonly Read[];
};

/** A request record that began at 1,000,000 ns, with the given reads as its body. */
export function requestRecord({ timeline: times = {}, reads = [], ...fields }: Overrides = {}): RequestRecord {
  const record = Object.assign(new RequestRecord(), {
    creditIssuedNs: 900_000,
    inputTokens: 10,
    maxOutputTokens: 4,
    ...fields,
  });
  const { timeline } = record;
  const chunks = reads.map(([, text]) => Buffer.from(text));
  timeline.readNs = Float64Array.from(reads, ([atNs]) => atNs);
  timeline.readLengths = Uint32Array.from(chunks, ({ length }) => length);
  timeline.readCount = reads.length;
  timeline.body = Buffer.concat(chunks);
  timeline.bodyLength = timeline.body.length;
  const lastNs = reads.at(-1)?.[0] ?? 2_000_000;
  Object.assign(timeline, {
    queuedNs: 990_000,
    startNs: 1_000_000,
    sendEndNs: 1_010_000,
    headersNs: 1_020_000,
    endNs: lastNs + 5000,
    status: 200,
    statusText: 'OK',
    contentType: 'text/event-stream',
    connectionReused: true,
    requestBytes: 512,
    responseBytes: 2048,
    responseReads: reads.length,
    ...times,
  });
  return record;
}

/** A copy of a record with some changes; numbers of the timeline among them. */
export function changed(from: RequestRecord, changes: Partial<Omit<RequestNumbers, 'numbers'>>): RequestRecord {
  return Object.assign(from.copy(), changes);
}

/** A record sink that keeps the batches in memory and reads them with apache-arrow. */
export class MemorySink implements RecordSink {
  readonly schema: Schema;
  readonly tables: Table[] = [];
  metadata: ReadonlyMap<string, string> | undefined;
  scanCount = 0;

  constructor(schema: Schema) {
    this.schema = schema;
  }

  get rowCount(): number {
    return this.tables.reduce((sum, table) => sum + table.numRows, 0);
  }

  async append(batchMessage: Uint8Array): Promise<void> {
    this.tables.push(readMessage(this.schema, batchMessage.slice()));
    await Promise.resolve();
  }

  async scan(
    columns: readonly string[],
    visit: (batch: ColumnBatch) => void,
    wants: (batchIndex: number) => boolean = () => true,
  ): Promise<void> {
    this.scanCount++;
    for (const [index, table] of this.tables.entries()) if (wants(index)) visit(new TableBatch(table, columns));
    await Promise.resolve();
  }

  async finish(metadata: ReadonlyMap<string, string>): Promise<void> {
    this.metadata = metadata;
    await Promise.resolve();
  }
}

class TableBatch implements ColumnBatch {
  readonly rowCount: number;
  readonly #table: Table;
  readonly #columns: readonly string[];

  constructor(table: Table, columns: readonly string[]) {
    this.#table = table;
    this.#columns = columns;
    this.rowCount = table.numRows;
  }

  numbers(name: string): Float64Array {
    return Float64Array.from(this.#vector(name), (value: unknown) => (value === null ? Number.NaN : Number(value)));
  }

  list(name: string): { readonly offsets: Int32Array; readonly values: Float64Array } {
    const lists = Array.from(this.#vector(name), (value: unknown) =>
      value === null ? [] : Array.from(value as Iterable<bigint | number>, Number),
    );
    const offsets = new Int32Array(lists.length + 1);
    for (const [index, list] of lists.entries()) offsets[index + 1] = (offsets[index] ?? 0) + list.length;
    return { offsets, values: Float64Array.from(lists.flat()) };
  }

  strings(name: string): readonly (string | null)[] {
    return Array.from(this.#vector(name)) as (string | null)[];
  }

  #vector(name: string): Vector {
    const vector = this.#columns.includes(name) ? this.#table.getChild(name) : null;
    if (vector === null) throw new Error(`column ${name} was not asked for or does not exist`);
    return vector;
  }
}
