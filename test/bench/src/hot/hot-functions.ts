import { loadTokenizer } from '@aiperf/dataset';
import { CHAT_MODE, createMetricSet } from '@aiperf/metrics';
import { RecordProcessor, type RawRecords, type RecordProcessorOptions } from '@aiperf/metrics/service';
import { summarize } from '@aiperf/metrics/stats';
import { appendRead, createRawBatchDecoder, RawBatchWriter, RequestRecord } from '@aiperf/records';
import { endpointOf } from '@aiperf/endpoints';
import type { HotResult } from './hot-result.ts';

/**
 * Own process of the `hot` program: calls one function of the analysis over and over, on data made before, and prints a rate for each.
 * Arguments: output tokens of an answer, seconds a function.
 */
const [outputTokens = 1, secondsEach = 1] = process.argv.slice(2).map(Number);

/** As many as a worker sends in one message at a high rate. */
const BATCH_ROWS = 2000;

function eventOf(id: string, delta: object, finishReason: string | null): string {
  const chunk = {
    id,
    object: 'chat.completion.chunk',
    created: 1,
    model: 'mock',
    choices: [{ index: 0, delta, finish_reason: finishReason }],
  };
  return `data: ${JSON.stringify(chunk)}\n\n`;
}

/** A batch as a worker sends it: streams of one token an event, 5 ms apart, with usage at the end. */
function rawBatch(): Uint8Array {
  const writer = new RawBatchWriter('worker_1');
  for (let row = 0; row < BATCH_ROWS; row += 1) {
    const startNs = row * 1_000_000;
    const record = new RequestRecord();
    const { timeline } = record;
    const id = `chatcmpl-${row.toString().padStart(12, '0')}`;
    const read = (afterMs: number, text: string): void =>
      appendRead(timeline, startNs + afterMs * 1e6, Buffer.from(text));
    read(10, eventOf(id, { role: 'assistant', content: '' }, null));
    for (let token = 0; token < outputTokens; token += 1) {
      read(10 + 5 * token, eventOf(id, { content: ` word${(row + token) % 97}` }, null));
    }
    const usage = { prompt_tokens: 64, completion_tokens: outputTokens, total_tokens: 64 + outputTokens };
    const endMs = 10 + 5 * outputTokens;
    read(endMs, `${eventOf(id, {}, 'stop')}data: ${JSON.stringify({ id, choices: [], usage })}\n\ndata: [DONE]\n\n`);
    Object.assign(timeline, {
      queuedNs: startNs - 10_000,
      startNs,
      sendEndNs: startNs + 10_000,
      headersNs: startNs + 9e6,
      endNs: startNs + endMs * 1e6 + 5000,
      status: 200,
      statusText: 'OK',
      contentType: 'text/event-stream',
      connectionReused: true,
      requestBytes: 512,
      responseBytes: timeline.bodyLength,
      responseReads: timeline.readCount,
    });
    Object.assign(record, {
      creditId: row,
      sessionNumber: row,
      conversationIndex: row,
      creditIssuedNs: startNs - 100_000,
      turnaroundNs: 50_000,
      inputTokens: 64,
      maxOutputTokens: outputTokens,
    });
    writer.append(record);
  }
  return writer.take().slice();
}

function processor(tokens?: RecordProcessorOptions['tokens']): RecordProcessor {
  return new RecordProcessor({
    recordProcessorId: 'record_processor_1',
    metrics: createMetricSet(CHAT_MODE),
    parser: endpointOf('chat').createParser(),
    ...(tokens === undefined ? {} : { tokens }),
    names: {
      conversationId: (index) => `session_${index.toString().padStart(6, '0')}`,
      requestId: (_phase, credit) => `00000000-0000-4000-8000-${credit.toString(16).padStart(12, '0')}`,
      correlationId: (_phase, session) => `00000000-0000-4000-9000-${session.toString(16).padStart(12, '0')}`,
    },
    phaseKind: () => 'profiling',
    originEpochNs: 1_795_000_000_000_000_000n,
  });
}

function processAll(used: RecordProcessor, raw: RawRecords): number {
  for (let row = 0; row < raw.rowCount;) row = used.processGroup(raw, row);
  return used.take()?.message.length ?? 0;
}

/** Runs `work`, of which one call is `units` units, for the time asked for; the first calls only warm it up. */
function rateOf(units: number, work: () => number): number {
  let sink = 0;
  const warmUpEndMs = performance.now() + secondsEach * 500;
  while (performance.now() < warmUpEndMs) sink += work();
  let calls = 0;
  const startMs = performance.now();
  const endMs = startMs + secondsEach * 1000;
  while (performance.now() < endMs) {
    sink += work();
    calls += 1;
  }
  const elapsedSec = (performance.now() - startMs) / 1000;
  if (!Number.isFinite(sink)) throw new Error('a function under test gave no number');
  return (calls * units) / elapsedSec;
}

const decode = await createRawBatchDecoder();
const { tokenizer } = await loadTokenizer('builtin', ['mock']);
const bytes = rawBatch();
const raw = decode(bytes);
const parser = endpointOf('chat').createParser();
const counting = processor(tokenizer);
const plain = processor();
const column = Float64Array.from({ length: 1_000_000 }, (_, index) => Math.imul(index, 2_654_435_761) >>> 8);
const scratch = new Float64Array(column.length);

const result: HotResult = {
  decodeRowsPerSec: rateOf(BATCH_ROWS, () => {
    const batch = decode(bytes);
    let reads = 0;
    for (let row = 0; row < batch.rowCount; row += 1) reads += batch.record(row).timeline.readCount;
    return reads;
  }),
  parseRowsPerSec: rateOf(BATCH_ROWS, () => {
    let events = 0;
    for (let row = 0; row < raw.rowCount; row += 1) events += parser.parseResponse(raw.record(row)).eventCount;
    return events;
  }),
  rowsPerSec: rateOf(BATCH_ROWS, () => processAll(plain, raw)),
  countedRowsPerSec: rateOf(BATCH_ROWS, () => processAll(counting, raw)),
  summarizedValuesPerSec: rateOf(column.length, () => {
    scratch.set(column);
    return summarize(scratch)?.p99 ?? Number.NaN;
  }),
};
process.stdout.write(`${JSON.stringify(result)}\n`);
