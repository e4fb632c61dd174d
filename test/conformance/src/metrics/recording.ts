import { endpointOf, type ResponseParser } from '@aiperf/endpoints';
import { type RequestRecord, type Timeline } from '@aiperf/records';
import type { RecordedExchange } from './record-requests.ts';

/**
 * What is peculiar about a recorded request, so that a known difference can be confined to the requests that it is about.
 *
 * - `plain`: nothing; here both sides must say the same.
 * - `failed`: both call it a failure, and both know when it ended.
 * - `unsent`: there was no connection.
 * - `broken`: an answer that failed after some of it had come.
 * - `unfinished`: an answer without an HTTP error that ours calls a failure: an error without a name, no end, an event that is no JSON.
 * - `cancelled_at_end`: given up because the run ended.
 * - `split`: an event came in two reads.
 * - `said_and_called`: text and a tool call in one message.
 * - `only_reasoning`: an answer of reasoning and nothing else.
 * - `turns`: texts of earlier turns went along.
 * - `mixed`: several of these, so that only the verdict on it is compared.
 * - `at_once`: all content came in one read.
 * - `early`: the answer began before the socket had said that the request was sent.
 */
export const ROW_CLASSES = [
  'plain',
  'failed',
  'unsent',
  'broken',
  'unfinished',
  'cancelled_at_end',
  'split',
  'said_and_called',
  'only_reasoning',
  'turns',
  'mixed',
  'at_once',
  'early',
] as const;
export type RowClass = (typeof ROW_CLASSES)[number];

/** Verdicts differ on these, so they would blur every sum. */
export const DISPUTED: ReadonlySet<RowClass> = new Set<RowClass>(['unfinished', 'cancelled_at_end']);

/** One recorded request with what the comparison knows of it. */
export interface RecordedRow extends RecordedExchange {
  readonly rowClass: RowClass;
  /** Time of a schedule that the request could have followed. */
  readonly scheduledMs: number;
}

/** Classifies what was recorded, and adds variants that a run meets only by chance. */
export function classify(recorded: readonly RecordedExchange[]): RecordedRow[] {
  const parser = endpointOf('chat').createParser();
  const rows = recorded.map((exchange, index): RecordedRow => {
    const { startNs, queuedNs } = exchange.record.timeline;
    const sentNs = Number.isNaN(startNs) ? queuedNs : startNs;
    return { ...exchange, rowClass: classOf(exchange, parser), scheduledMs: Math.floor(sentNs / 1e6) - (index % 7) };
  });
  const plain = rows.filter(({ rowClass, script }) => rowClass === 'plain' && script.isStream);
  const variants = plain.slice(0, 40).map(({ script, record, scheduledMs }, index): RecordedRow => {
    const creditId = rows.length + index;
    const variant = Object.assign(record.copy(), { creditId, sessionNumber: creditId });
    const { timeline } = variant;
    if (index % 2 === 0) {
      timeline.sendEndNs = (timeline.readNs[0] ?? 0) + 1000;
      return { script, record: variant, rowClass: 'early', scheduledMs };
    }
    variant.cancelled = true;
    timeline.error = { code: 'cancelled', type: 'RequestCancellationError', message: 'the run ended' };
    return { script, record: variant, rowClass: 'cancelled_at_end', scheduledMs };
  });
  return [...rows, ...variants];
}

function classOf(exchange: RecordedExchange, parser: ResponseParser): RowClass {
  const answered = classOfAnswer(exchange, parser);
  if (exchange.script.replies.length === 0) return answered;
  if (answered === 'plain' || answered === 'failed') return 'turns';
  return DISPUTED.has(answered) ? answered : 'mixed';
}

function classOfAnswer({ script, record }: RecordedExchange, parser: ResponseParser): RowClass {
  const { timeline } = record;
  const isStream = timeline.contentType.includes('event-stream');
  const isFailed = timeline.error !== undefined || timeline.status !== 200;
  if (isFailed && Number.isNaN(timeline.startNs)) return 'unsent';
  if (isFailed) return timeline.status === 200 && timeline.readCount > 0 ? 'broken' : 'failed';
  const response = parser.parseResponse(record);
  if (response.error !== undefined) {
    return bodyText(timeline).includes('event: error') ? 'broken' : 'unfinished';
  }
  if (response.contentEventCount === 0) return 'failed';
  if (isStream && hasSplitEvent(timeline)) return 'split';
  if ((timeline.readNs[0] ?? 0) < timeline.sendEndNs) return 'early';
  if (/"content":"[^"][^}]*"tool_calls"/u.test(bodyText(timeline))) return 'said_and_called';
  const { answer } = response;
  if (answer.kind === 'text' && answer.text === '' && answer.toolCallText === '') return 'only_reasoning';
  return script.isStream && response.firstContentNs === response.lastContentNs ? 'at_once' : 'plain';
}

function bodyText(timeline: Timeline): string {
  return Buffer.from(timeline.body.subarray(0, timeline.bodyLength)).toString();
}

/** Whether a read ends within an event. */
function hasSplitEvent(timeline: Timeline): boolean {
  const body = Buffer.from(timeline.body.subarray(0, timeline.bodyLength));
  let end = 0;
  for (const length of timeline.readLengths.subarray(0, timeline.readCount)) {
    end += length;
    const tail = body.toString('latin1', Math.max(0, end - 4), end);
    if (!tail.endsWith('\n\n') && tail !== '\r\n\r\n') return true;
  }
  return false;
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** One line of the recording as the reference reads it. */
export function recordingLine({ script, record, scheduledMs }: RecordedRow): string {
  const { timeline } = record;
  return JSON.stringify({
    creditId: record.creditId,
    payload: script.body,
    maxTokens: script.maxTokens ?? null,
    audioSec: script.audioSec ?? null,
    creditIssuedNs: record.creditIssuedNs,
    scheduledMs,
    queuedNs: timeline.queuedNs,
    connectStartNs: orNull(timeline.connectStartNs),
    dnsEndNs: orNull(timeline.dnsEndNs),
    connectEndNs: orNull(timeline.connectEndNs),
    // AIPerf begins to count before there is a connection.
    startNs: Number.isNaN(timeline.startNs) ? timeline.queuedNs : timeline.startNs,
    sendEndNs: orNull(timeline.sendEndNs),
    headersNs: orNull(timeline.headersNs),
    endNs: timeline.endNs,
    status: timeline.status,
    contentType: timeline.contentType,
    connectionReused: timeline.connectionReused,
    resentCount: timeline.resentCount,
    requestBytes: timeline.requestBytes,
    responseBytes: timeline.responseBytes,
    responseReads: timeline.responseReads,
    reads: readsOf(timeline),
    error: errorOf(record),
    wasCancelled: timeline.error?.code === 'cancelled',
  });
}

/** Time and bytes, in hexadecimal, of each read. */
function readsOf(timeline: Timeline): [number, string][] {
  const body = Buffer.from(timeline.body.subarray(0, timeline.bodyLength));
  let start = 0;
  return Array.from({ length: timeline.readCount }, (_, index) => {
    const end = start + (timeline.readLengths[index] ?? 0);
    const read: [number, string] = [timeline.readNs[index] ?? 0, body.toString('hex', start, end)];
    start = end;
    return read;
  });
}

/** What the transport says went wrong; of an answer with a bad status, what AIPerf makes of it. */
function errorOf({ timeline }: RequestRecord): object | null {
  const isHttpError = timeline.status !== 0 && timeline.status !== 200;
  if (isHttpError) return { code: timeline.status, type: timeline.statusText, message: bodyText(timeline) };
  const { error } = timeline;
  if (error === undefined) return null;
  return { code: error.httpStatus ?? null, type: error.type, message: error.message };
}
