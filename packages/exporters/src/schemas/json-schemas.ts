/** A JSON Schema, or a part of one. */
export type JsonSchema = Readonly<Record<string, unknown>>;

const DRAFT = 'https://json-schema.org/draft/2020-12/schema';

const string: JsonSchema = { type: 'string' };
const number: JsonSchema = { type: 'number' };
const integer: JsonSchema = { type: 'integer' };
const boolean: JsonSchema = { type: 'boolean' };
const count: JsonSchema = { type: 'integer', minimum: 0 };
const epochNs: JsonSchema = {
  type: 'integer',
  minimum: 0,
  description: 'Nanoseconds since 1970 in UTC, beyond what a double holds exactly',
};
const localTime: JsonSchema = {
  type: 'string',
  pattern: '^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}$',
  description: 'Local time without zone, microseconds',
};

function object(properties: JsonSchema, required: readonly string[], rest: JsonSchema | boolean = false): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: rest };
}

function list(items: JsonSchema): JsonSchema {
  return { type: 'array', items };
}

const STATISTICS = ['avg', 'p1', 'p5', 'p10', 'p25', 'p50', 'p75', 'p90', 'p95', 'p99', 'min', 'max', 'std'] as const;

const metric: JsonSchema = {
  ...object({ unit: string, ...Object.fromEntries(STATISTICS.map((name) => [name, number])), count, sum: number }, [
    'unit',
  ]),
  description: 'Statistics of one metric in its unit; what does not exist or is infinite is left out',
};

const errorDetails: JsonSchema = object(
  { code: integer, type: string, message: string, kind: { ...string, description: 'Our closed list of error kinds' } },
  ['type', 'message'],
  true,
);

const metadata: JsonSchema = object(
  {
    session_num: { ...count, description: 'Number of the session within its phase' },
    x_request_id: string,
    x_correlation_id: string,
    conversation_id: string,
    turn_index: count,
    credit_issued_ns: epochNs,
    request_start_ns: epochNs,
    request_ack_ns: epochNs,
    request_end_ns: epochNs,
    worker_id: string,
    record_processor_id: string,
    benchmark_phase: { enum: ['warmup', 'profiling'] },
    phase_index: count,
    profiling_index: count,
    phase_name: string,
    phase_kind: { enum: ['warmup', 'profiling'] },
    was_cancelled: boolean,
    cancellation_time_ns: epochNs,
    context_overflow_skip: boolean,
    agent_depth: count,
    root_correlation_id: string,
  },
  ['session_num', 'conversation_id', 'benchmark_phase', 'phase_index', 'was_cancelled'],
);

const TRACE_TIMES = [
  'request_send_start_ns',
  'request_headers_sent_ns',
  'request_send_end_ns',
  'response_receive_start_ns',
  'response_headers_received_ns',
  'response_receive_end_ns',
  'connection_pool_wait_start_ns',
  'connection_pool_wait_end_ns',
  'dns_lookup_start_ns',
  'dns_lookup_end_ns',
  'tcp_connect_start_ns',
  'tcp_connect_end_ns',
  'connection_reused_ns',
] as const;
const TRACE_COUNTS = [
  'request_chunks_count',
  'request_bytes_total',
  'response_chunks_count',
  'response_bytes_total',
  'sending_ns',
  'waiting_ns',
  'receiving_ns',
  'duration_ns',
  'blocked_ns',
  'dns_lookup_ns',
  'connecting_ns',
] as const;

const traceData: JsonSchema = object(
  {
    trace_type: string,
    ...Object.fromEntries(TRACE_TIMES.map((name) => [name, epochNs])),
    ...Object.fromEntries(TRACE_COUNTS.map((name) => [name, count])),
  },
  ['trace_type'],
);

const loadReport: JsonSchema = object(
  {
    phase: string,
    mode: string,
    verdict: { enum: ['on_schedule', 'degraded', 'not_applicable'] },
    reason: string,
    sent: count,
    completed: count,
    failed: count,
    cancelled: count,
    lost: count,
    never_sent: count,
    sessions: count,
    asked_rate_per_sec: number,
    achieved_rate_per_sec: number,
    inter_arrival: object(
      { mean_ms: number, coefficient_of_variation: number, ks_distance: number, ks_critical: number },
      [],
    ),
    send_lag_ms: object({ p50: number, p99: number, max: number }, ['p50', 'p99', 'max']),
  },
  ['phase', 'mode', 'verdict', 'sent', 'completed', 'failed', 'cancelled', 'lost', 'never_sent', 'sessions'],
);

const interval: JsonSchema = { type: 'array', prefixItems: [number, number], minItems: 2, maxItems: 2 };

const quality: JsonSchema = {
  ...object(
    {
      cancelled_request_count: count,
      lost_request_count: count,
      load: list(loadReport),
      violations: list(object({ rule: string, count, example: string }, ['rule', 'count', 'example'])),
      host_tuning: object({ mode: { enum: ['off', 'auto'] }, taken: list(string) }, ['mode', 'taken']),
      statistics: {
        type: 'object',
        additionalProperties: object(
          {
            p99_9: number,
            confidence: object({ p50: interval, p90: interval, p99: interval }, []),
            uncertain: list(string),
          },
          [],
        ),
      },
    },
    ['cancelled_request_count', 'lost_request_count'],
  ),
  description: 'What the run says about its own numbers; all else has the keys of AIPerf 0.13',
};

const metricRef: JsonSchema = { $ref: '#/$defs/metric' };
const metrics: JsonSchema = { type: 'object', additionalProperties: metricRef };

const summary: JsonSchema = {
  ...object(
    {
      schema_version: { const: '1.4' },
      aiperf_version: string,
      benchmark_id: string,
      telemetry_data: object(
        { summary: { type: 'object' }, endpoints: { type: 'object' }, error_summary: list({ type: 'object' }) },
        ['summary', 'endpoints', 'error_summary'],
      ),
      input_config: { type: 'object' },
      run_info: object(
        { benchmark_id: string, random_seed: integer, trial: count, cli_command: string },
        ['benchmark_id', 'cli_command'],
        true,
      ),
      was_cancelled: boolean,
      is_complete: boolean,
      incomplete_reason: string,
      error_summary: list(object({ error_details: errorDetails, count }, ['error_details', 'count'])),
      start_time: localTime,
      end_time: localTime,
      warmup_metrics: metrics,
      quality,
    },
    ['schema_version', 'benchmark_id', 'was_cancelled', 'is_complete', 'error_summary', 'start_time', 'end_time'],
    metricRef,
  ),
  $defs: { metric },
};

const timeSlices: JsonSchema = {
  ...object(
    {
      timeslices: list(
        object(
          { start_ns: epochNs, end_ns: epochNs, is_complete: { const: false } },
          ['start_ns', 'end_ns'],
          metricRef,
        ),
      ),
      input_config: { type: 'object' },
    },
    ['timeslices'],
  ),
  $defs: { metric },
};

const record: JsonSchema = object(
  {
    metadata,
    metrics: {
      type: 'object',
      additionalProperties: object({ value: { anyOf: [number, list({ type: ['number', 'null'] })] }, unit: string }, [
        'value',
        'unit',
      ]),
    },
    trace_data: traceData,
    error: errorDetails,
  },
  ['metadata', 'metrics'],
);

const raw: JsonSchema = object(
  {
    metadata,
    start_perf_ns: { ...integer, description: 'Monotonic clock of the machine' },
    request_headers: { type: 'object', additionalProperties: string },
    status: integer,
    responses: list({
      oneOf: [
        object({ perf_ns: integer, packets: list(object({ name: string, value: string }, ['name', 'value'])) }, [
          'perf_ns',
          'packets',
        ]),
        object({ perf_ns: integer, text: string, content_type: string }, ['perf_ns', 'text', 'content_type']),
      ],
    }),
    error: errorDetails,
    payload: { description: 'The body that was sent' },
  },
  ['metadata', 'start_perf_ns', 'request_headers', 'responses', 'payload'],
);

const outputs: JsonSchema = object(
  {
    schema_version: { const: '1.0' },
    data: list(
      object(
        {
          session_num: count,
          conversation_id: string,
          turn_index: count,
          x_request_id: string,
          request_start_ns: epochNs,
          request_end_ns: epochNs,
          metrics: { type: 'object', additionalProperties: number },
          response_text: { type: ['string', 'null'] },
        },
        ['session_num', 'conversation_id', 'turn_index', 'metrics', 'response_text'],
      ),
    ),
  },
  ['schema_version', 'data'],
);

const inputs: JsonSchema = object(
  { data: list(object({ session_id: string, payloads: list({}) }, ['session_id', 'payloads'])) },
  ['data'],
);

const ready: JsonSchema = object({ ready: { const: true }, was_cancelled: boolean, partial: boolean }, [
  'ready',
  'was_cancelled',
  'partial',
]);

function named(title: string, schema: JsonSchema): JsonSchema {
  return { $schema: DRAFT, title, ...schema };
}

/** Schema of every JSON file of a run, by the name under which it is published; of JSONL files the schema of one line. */
export const JSON_SCHEMAS: Readonly<Record<string, JsonSchema>> = {
  summary: named('profile_export_aiperf.json', summary),
  record: named('One line of profile_export.jsonl', record),
  raw_record: named('One line of profile_export_raw.jsonl', raw),
  outputs: named('outputs.json', outputs),
  timeslices: named('profile_export_aiperf_timeslices.json', timeSlices),
  inputs: named('inputs.json', inputs),
  results_ready: named('.aiperf_results_ready.json', ready),
};
