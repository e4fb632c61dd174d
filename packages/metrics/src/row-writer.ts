import type { PhaseKind } from '@aiperf/records';
import type { NumberWriter, RecordBatchBuilder } from '@aiperf/records/file';
import type { RecordSlot } from './record-slots.ts';
import { lastContentNs } from './parsed-record.ts';
import type { BoolWriter, Utf8Writer } from '@aiperf/records/file';

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
}

/** Writes the columns of a row that are no metrics. */
export class RowWriter {
  readonly #names: RecordNames;
  readonly #numbers: readonly (readonly [NumberWriter, (slot: RecordSlot) => number])[];
  readonly #flags: readonly (readonly [BoolWriter, (slot: RecordSlot) => boolean])[];
  readonly #texts: Readonly<Record<TextColumn, Utf8Writer>>;

  constructor(builder: RecordBatchBuilder, names: RecordNames) {
    this.#names = names;
    this.#numbers = NUMBERS.map(([name, read]) => [builder.numberColumn(name), read]);
    this.#flags = FLAGS.map(([name, read]) => [builder.boolColumn(name), read]);
    this.#texts = Object.fromEntries(TEXTS.map((name) => [name, builder.textColumn(name)])) as Record<
      TextColumn,
      Utf8Writer
    >;
  }

  write(row: number, slot: RecordSlot, origin: RowOrigin): void {
    const texts = this.#texts;
    for (const [writer, read] of this.#numbers) writer.set(row, read(slot));
    for (const [writer, read] of this.#flags) writer.set(row, read(slot));
    texts.x_request_id.set(row, this.#names.requestId(slot.phaseIndex, slot.creditId));
    texts.x_correlation_id.set(row, this.#names.correlationId(slot.phaseIndex, slot.sessionNumber));
    texts.conversation_id.set(row, this.#names.conversationId(slot.conversationIndex));
    texts.worker_id.set(row, origin.workerId);
    texts.record_processor_id.set(row, origin.recordProcessorId);
    texts.benchmark_phase.set(row, origin.phase);
    texts.finish_reason.set(row, slot.finishReason);
    if (slot.error === undefined) return;
    texts.error_type.set(row, slot.error.type);
    texts.error_message.set(row, slot.error.message);
    texts.error_kind.set(row, slot.error.code);
  }
}

const TEXTS = [
  'x_request_id',
  'x_correlation_id',
  'conversation_id',
  'worker_id',
  'record_processor_id',
  'benchmark_phase',
  'error_type',
  'error_message',
  'error_kind',
  'finish_reason',
] as const;
type TextColumn = (typeof TEXTS)[number];

const NUMBERS: readonly (readonly [string, (slot: RecordSlot) => number])[] = [
  ['session_num', (slot) => slot.sessionNumber],
  ['turn_index', (slot) => slot.turnIndex],
  ['phase_index', (slot) => slot.phaseIndex],
  ['credit_issued_ns', (slot) => slot.creditIssuedNs],
  ['due_ns', (slot) => slot.dueNs],
  ['request_queued_ns', (slot) => slot.queuedNs],
  ['request_start_ns', (slot) => slot.startNs],
  ['request_send_end_ns', (slot) => slot.sendEndNs],
  ['request_ack_ns', (slot) => slot.headersNs],
  ['first_response_ns', (slot) => (slot.contentCount === 0 ? Number.NaN : (slot.contentNs[0] ?? Number.NaN))],
  ['last_response_ns', lastContentNs],
  ['request_end_ns', (slot) => slot.endNs],
  ['request_start_offset_ns', (slot) => slot.startNs],
  ['request_end_offset_ns', (slot) => slot.endNs],
  ['due_offset_ns', (slot) => slot.dueNs],
  ['error_code', errorCode],
  ['resent_count', (slot) => slot.resentCount],
  ['resend_ns', (slot) => slot.resendNs],
  ['response_reads', (slot) => slot.responseReads],
  ['content_event_count', (slot) => slot.contentCount],
];

const FLAGS: readonly (readonly [string, (slot: RecordSlot) => boolean])[] = [
  ['was_cancelled', (slot) => slot.cancelled],
  ['valid', (slot) => slot.isValid],
  ['connection_reused', (slot) => slot.connectionReused],
  ['context_overflow', (slot) => slot.isContextOverflow],
];

function errorCode({ error }: RecordSlot): number {
  if (error === undefined) return Number.NaN;
  return error.httpStatus ?? (error.code === 'cancelled' ? CLIENT_CLOSED_REQUEST : Number.NaN);
}
