import { openArrowFile } from '@aiperf/records/file';

/** What a client says about one request; instants are ns since the run's origin. Absent values are NaN. */
export interface ClientRow {
  readonly requestId: string;
  /** Number of the session within its phase. */
  readonly sessionNumber: number;
  readonly turnIndex: number;
  readonly conversationId: string;
  /** Of an open loop. */
  readonly dueNs: number;
  readonly startNs: number;
  /** How long it took to hand the request to the kernel. */
  readonly sendingNs: number;
  /** From start to the end of the response. */
  readonly durationNs: number;
  readonly ttftNs: number;
  /** Distances between consecutive content events. */
  readonly gapsNs: Float64Array;
  /** Mean time a token as the tool reports it. */
  readonly interTokenLatencyNs: number;
  readonly outputTokens: number;
  readonly sendLagNs: number;
  readonly turnaroundNs: number;
}

/** All requests of one run of a client. */
export interface ClientRows {
  /** `CLOCK_MONOTONIC` at the run's origin, which relates the client's instants to the server's. */
  readonly originNs: number;
  readonly rows: readonly ClientRow[];
}

const COLUMNS = [
  'session_num',
  'x_request_id',
  'conversation_id',
  'turn_index',
  'due_offset_ns',
  'benchmark_phase',
  'valid',
  'error_kind',
  'request_start_offset_ns',
  'request_start_ns',
  'http_req_sending',
  'request_end_ns',
];
/** Not every mode of a run has these. */
const OPTIONAL_COLUMNS = [
  'time_to_first_token',
  'inter_token_latency',
  'output_sequence_length',
  'send_lag',
  'slot_turnaround',
];
const GAPS = 'inter_chunk_latency';

/** Reads the measured requests from a run's record file; any failed one makes the comparison void. */
export async function readClientRows(arrowPath: string): Promise<ClientRows> {
  await using file = await openArrowFile(arrowPath);
  const names = new Set(file.schema.fields.map(({ name }) => name));
  const rows: ClientRow[] = [];
  const wanted = [...COLUMNS, ...OPTIONAL_COLUMNS.filter((name) => names.has(name)), GAPS];
  for await (const batch of file.batches(wanted)) {
    const optional = (name: string): Float64Array =>
      names.has(name) ? batch.numbers(name) : new Float64Array(batch.rowCount).fill(Number.NaN);
    const sessionNumbers = batch.bigints('session_num');
    const requestIds = batch.strings('x_request_id');
    const conversationIds = batch.strings('conversation_id');
    const turnIndexes = batch.numbers('turn_index');
    const dues = batch.numbers('due_offset_ns');
    const phases = batch.strings('benchmark_phase');
    const errors = batch.strings('error_kind');
    const valid = batch.numbers('valid');
    const startOffsets = batch.numbers('request_start_offset_ns');
    const sending = batch.numbers('http_req_sending');
    const starts = batch.bigints('request_start_ns');
    const ends = batch.bigints('request_end_ns');
    const [ttft, interToken, outputTokens, sendLag, turnaround] = OPTIONAL_COLUMNS.map(optional);
    const gaps = batch.list(GAPS);
    for (let row = 0; row < batch.rowCount; row += 1) {
      if (phases[row] !== 'profiling') continue;
      if (valid[row] !== 1)
        throw new Error(`a request failed (${errors[row] ?? 'no output'}): nothing can be compared`);
      rows.push({
        requestId: requestIds[row] ?? '',
        sessionNumber: Number(sessionNumbers[row] ?? Number.NaN),
        turnIndex: turnIndexes[row] ?? Number.NaN,
        conversationId: conversationIds[row] ?? '',
        dueNs: dues[row] ?? Number.NaN,
        startNs: startOffsets[row] ?? Number.NaN,
        sendingNs: sending[row] ?? Number.NaN,
        durationNs: Number((ends[row] ?? 0n) - (starts[row] ?? 0n)),
        ttftNs: ttft?.[row] ?? Number.NaN,
        gapsNs: gaps.values.slice(gaps.offsets[row], gaps.offsets[row + 1]),
        interTokenLatencyNs: interToken?.[row] ?? Number.NaN,
        outputTokens: outputTokens?.[row] ?? Number.NaN,
        sendLagNs: sendLag?.[row] ?? Number.NaN,
        turnaroundNs: turnaround?.[row] ?? Number.NaN,
      });
    }
  }
  const origin = JSON.parse(file.metadata.get('aiperf.clock_origin') ?? '{}') as { monotonicNs?: string };
  return { originNs: Number(origin.monotonicNs), rows };
}
