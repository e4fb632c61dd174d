import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { endpointOf } from '@aiperf/endpoints';
import { CHAT_MODE, createMetricSet } from '@aiperf/metrics';
import { createRecordSchema, RecordProcessor } from '@aiperf/metrics/service';
import { createRawBatchDecoder, RawBatchWriter, RequestRecord } from '@aiperf/records';
import { arrowRecordSink } from '@aiperf/records/file';
import { AsyncByteQueue, RecordBatchReader, type Field } from 'apache-arrow';

const ROWS = 700;
const ROWS_PER_BATCH = 250;
const ORIGIN_EPOCH_NS = 1_795_333_656_021_402_123n;

/** A column of a file: its field, and a digest of its values in order. */
export interface ColumnDigest {
  readonly name: string;
  readonly type: string;
  readonly nullable: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  readonly nullCount: number;
  readonly sha256: string;
}

/** Numbers below `bound`, always the same ones (Park and Miller's minimal standard generator). */
function createDraws(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % bound;
  };
}

const WORDS = ['one', 'two', ' three', 'four\\n', 'fünf', '\u{1F642}', ' "six"', ''];

/** Events of one answer, of every kind that a chat stream has. */
function answerEvents(row: number, draw: (bound: number) => number): string[] {
  const event = (choice: object, rest: object = {}): string =>
    `data: ${JSON.stringify({ id: `chat-${row}`, choices: [{ index: 0, ...choice }], ...rest })}\n\n`;
  const events = [event({ delta: { role: 'assistant', content: '' } })];
  for (let i = draw(4); i > 0; i -= 1) events.push(event({ delta: { reasoning_content: WORDS[draw(WORDS.length)] } }));
  for (let i = draw(12); i > 0; i -= 1) events.push(event({ delta: { content: WORDS[draw(WORDS.length)] } }));
  if (row % 9 === 4) {
    events.push(event({ delta: { tool_calls: [{ index: 0, function: { name: 'look', arguments: '{"a":1}' } }] } }));
  }
  if (row % 17 === 5) events.push(`data: ${JSON.stringify({ error: { message: 'overloaded', code: 503 } })}\n\n`);
  if (row % 13 !== 7) events.push(event({ delta: {}, finish_reason: row % 3 === 0 ? 'length' : 'stop' }));
  if (row % 4 !== 1) {
    const usage = { prompt_tokens: 20 + (row % 7), completion_tokens: 3 + (row % 5), total_tokens: 30 };
    events.push(`data: ${JSON.stringify({ choices: [], usage })}\n\n`);
  }
  if (row % 13 !== 8) events.push('data: [DONE]\n\n');
  return events;
}

/** One request with made-up stamps: answers of all kinds, failures, cancellations, second sends, closed and open loop. */
function fedRecord(row: number, draw: (bound: number) => number): RequestRecord {
  const record = new RequestRecord();
  const { timeline } = record;
  const startNs = 1_000_000 + row * 250_013 + draw(1000);
  let atNs = startNs + 3_000_000 + draw(9_000_000);
  const reads: { atNs: number; bytes: Buffer }[] = [];
  for (const text of answerEvents(row, draw)) {
    const last = reads.at(-1);
    // Events that come with one read share its stamp; some are cut between two.
    if (last !== undefined && draw(5) === 0) last.bytes = Buffer.concat([last.bytes, Buffer.from(text)]);
    else {
      const bytes = Buffer.from(text);
      const cut = draw(6) === 0 ? draw(bytes.length) : bytes.length;
      if (cut > 0) reads.push({ atNs, bytes: bytes.subarray(0, cut) });
      if (cut < bytes.length) reads.push({ atNs: atNs + 40_000, bytes: bytes.subarray(cut) });
      atNs += 50_000 + draw(30_000_000);
    }
  }
  const isRefused = row % 23 === 3;
  const isCancelled = row % 29 === 6;
  if (isRefused) reads.length = 0;
  timeline.readNs = Float64Array.from(reads, (read) => read.atNs);
  timeline.readLengths = Uint32Array.from(reads, ({ bytes }) => bytes.length);
  timeline.readCount = reads.length;
  timeline.body = Buffer.concat(reads.map(({ bytes }) => bytes));
  timeline.bodyLength = timeline.body.length;
  const isNew = row % 5 === 0;
  const isSentTwice = row % 31 === 2;
  Object.assign(timeline, {
    queuedNs: startNs - 12_000,
    connectStartNs: isNew ? startNs - 11_000 : Number.NaN,
    dnsEndNs: isNew ? startNs - 10_000 : Number.NaN,
    connectEndNs: isNew ? startNs - 2_000 : Number.NaN,
    startNs,
    sendEndNs: startNs + 7_000,
    headersNs: isRefused ? Number.NaN : startNs + 2_500_000,
    endNs: (reads.at(-1)?.atNs ?? startNs + 900_000) + 4_321,
    status: isRefused ? 0 : row % 19 === 1 ? 429 : 200,
    statusText: isRefused ? '' : row % 19 === 1 ? 'Too Many Requests' : 'OK',
    contentType: isRefused ? '' : 'text/event-stream; charset=utf-8',
    connectionReused: !isNew,
    resentCount: isSentTwice ? 1 : 0,
    resendNs: isSentTwice ? 350_000 : 0,
    requestBytes: 400 + draw(900),
    responseBytes: timeline.bodyLength + 180,
    responseReads: reads.length + 1,
  });
  if (isRefused) timeline.error = { code: 'connection_refused', type: 'ConnectionRefusedError', message: 'refused' };
  if (isCancelled) {
    timeline.error = { code: 'cancelled', type: 'RequestCancellationError', message: 'given up', httpStatus: 499 };
  }
  const isOpen = row % 2 === 0;
  return Object.assign(record, {
    creditId: row,
    phaseIndex: row < 100 ? 0 : 1,
    sessionNumber: Math.floor(row / 3),
    conversationIndex: row % 41,
    turnIndex: row % 3,
    creditIssuedNs: startNs - 60_000,
    dueNs: isOpen ? startNs - draw(40_000) : Number.NaN,
    turnaroundNs: isOpen ? Number.NaN : 30_000 + draw(20_000),
    cancelled: isCancelled && row % 2 === 0,
    inputTokens: 15 + (row % 11),
    historyReplies: row % 3 === 0 ? [] : ['yes', 'no'].slice(0, row % 3),
    maxOutputTokens: row % 6 === 0 ? Number.NaN : 16,
  });
}

/** Writes a record file from made-up stamps, by the code that a run's records take from the worker's batch to the file. */
export async function writeFedRecordFile(directory: string): Promise<string> {
  const path = join(directory, 'profile_export.arrow');
  const metrics = createMetricSet({ ...CHAT_MODE, streaming: true });
  const schema = createRecordSchema(metrics, { hasResponseText: true });
  const sink = await arrowRecordSink(path)(schema);
  const processor = new RecordProcessor({
    recordProcessorId: 'record_processor_1',
    metrics,
    parser: endpointOf('chat').createParser(),
    tokens: { countAll: (texts) => texts.map((text) => Math.ceil(text.length / 3)) },
    names: {
      requestId: (phase, id) => `request-${phase}-${id}`,
      correlationId: (phase, session) => `session-${phase}-${session}`,
      conversationId: (index) => `conversation_${index}`,
    },
    phaseKind: (index) => (index === 0 ? 'warmup' : 'profiling'),
    originEpochNs: ORIGIN_EPOCH_NS,
    keepsResponseText: true,
  });
  const decode = await createRawBatchDecoder();
  const writer = new RawBatchWriter('worker_1');
  const draw = createDraws(20_261_127);
  const flush = async (): Promise<void> => {
    const raw = decode(writer.take());
    for (let row = 0; row < raw.rowCount;) row = processor.processGroup(raw, row);
    const batch = processor.take();
    if (batch !== undefined) await sink.append(batch.message);
  };
  for (let row = 0; row < ROWS; row += 1) {
    writer.append(fedRecord(row, draw));
    if (writer.rowCount === ROWS_PER_BATCH) await flush();
  }
  if (writer.rowCount > 0) await flush();
  await sink.finish(new Map([['aiperf.benchmark_id', 'fed']]));
  return path;
}

/** Every column of an Arrow file, read by the Arrow library. */
export async function digestColumns(path: string): Promise<ColumnDigest[]> {
  const source = new AsyncByteQueue();
  for await (const bytes of createReadStream(path)) source.write(bytes as Uint8Array);
  source.close();
  const reader = await RecordBatchReader.from(source);
  await reader.open();
  const columns = reader.schema.fields.map((field: Field) => ({ field, hash: createHash('sha256'), nullCount: 0 }));
  for await (const batch of reader) {
    for (const [index, column] of columns.entries()) {
      const values = batch.getChildAt(index);
      for (let row = 0; row < batch.numRows; row += 1) {
        const value: unknown = exactValue(values?.get(row));
        if (value === null) column.nullCount += 1;
        column.hash.update(`${JSON.stringify(value)}\n`);
      }
    }
  }
  return columns.map(({ field, hash, nullCount }) => ({
    name: field.name,
    type: String(field.type),
    nullable: field.nullable,
    metadata: Object.fromEntries(field.metadata),
    nullCount,
    sha256: hash.digest('hex'),
  }));
}

function exactValue(value: unknown): unknown {
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'object' && value !== null && Symbol.iterator in value) {
    return Array.from(value as Iterable<unknown>, exactValue);
  }
  return value ?? null;
}
