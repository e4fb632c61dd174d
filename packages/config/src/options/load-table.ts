import * as z from 'zod/mini';
import type { LoadMode, PhaseConfig, RampConfig, RatePoint } from '../phase-config.ts';
import type { GivenFields, PhaseField, PhaseFields, PhaseInput } from '../phase-input.ts';
import { EXPECTED_RATE_SERIES, readRateSeries } from '../rate-series.ts';
import { durationSec, integerFrom, numberFrom, oneOf, type OptionMeta, text } from './option.ts';

/** What a phase of load may be told by options; a user-centric rate sets the rate of a phase whose mode it also chooses. */
export interface LoadOptions extends PhaseFields {
  readonly userCentricRatePerSec?: number;
}

/** Name of a load option. */
export type LoadKey = keyof LoadOptions;

/** Everything that is said of one load option. Parser, help, file, rules, defaults and the description of a run follow from it. */
export interface LoadRow<Value> {
  /** The value of a word, as the phase has it. */
  readonly schema: z.core.$ZodType<Value>;
  readonly option: OptionMeta;
  /** The option of the warm-up; absent: it has none. Its default is the option above where it inherits. */
  readonly warmup?: Pick<OptionMeta, 'flags' | 'summary' | 'defaultText'>;
  /** Keys of a phase in a file, the documented one first; `a.b` is key `b` in the mapping `a`. None: it is no field of its own. */
  readonly fileKeys: readonly string[];
  /** The field that it sets, where that is not its own. */
  readonly sets?: PhaseField;
  /** Modes in which it means something; absent: all. */
  readonly modes?: readonly LoadMode[];
  /** A field without which it means nothing. */
  readonly needs?: PhaseField;
  /** It is a stop condition. */
  readonly isStop?: true;
  /** A warm-up takes it from the load: where it means something there, and, with a condition, where that holds of what the warm-up has. */
  readonly inherits?: true | ((warmup: GivenFields) => boolean);
  /** The value where none is given. */
  readonly fallback?: (phase: PhaseInput) => Value | undefined;
  /** Its place in a resolved phase, where that is not its own name. */
  readonly valueIn?: (phase: PhaseConfig) => Value | undefined;
  /** Whether the description of a run has it: absent: whenever the phase has; `given`: not the default. */
  readonly described?: 'given' | 'never';
  /** The value as a file spells it, where that is another. */
  readonly spell?: (value: Value) => unknown;
}

/** Requests of a run that names no stop condition. */
const DEFAULT_REQUEST_COUNT = 10;
const DEFAULT_GRACE_PERIOD_SEC = 30;
/** A hundredth of a second is felt by nobody, and far above what a client with time to spare needs. */
const DEFAULT_SEND_LAG_LIMIT_MS = 10;
/** AIPerf's. Later turns of a recorded conversation wait for the replies before them, which belongs to a replay. */
const DEFAULT_REPLAY_LAG_LIMIT_MS = 500;

const MS_PER_SEC = 1000;

const count = integerFrom(1);
const rate = numberFrom(0, 'exclusive');
const time = durationSec({ allowsZero: false, allowsInfinity: false });
const gracePeriod = durationSec({ allowsZero: true, allowsInfinity: true });
const percent = z
  .number('a number greater than 0 and of at most 100')
  .check(z.refine((value) => value > 0 && value <= 100, 'a number greater than 0 and of at most 100'));

const rateSeries = z.pipe(
  text('a path'),
  z.transform((path: string, payload): readonly RatePoint[] => {
    const result = readRateSeries(path);
    if ('points' in result) return result.points;
    const message = `a JSON file with ${EXPECTED_RATE_SERIES}`;
    payload.issues.push({ code: 'custom', message, input: path, params: { found: result.found } });
    return z.NEVER;
  }),
);

/** A limit or a rate that climbs. */
const ramp = {
  schema: z.pipe(
    time,
    z.transform((sec: number): RampConfig => ({ durationSec: sec, shape: 'linear' })),
  ),
  spell: ({ durationSec: duration, shape }: RampConfig): unknown =>
    shape === 'linear' ? duration : { duration, shape },
};

function hasRate({ labels }: GivenFields): boolean {
  return labels.has('requestRatePerSec');
}

/** The load options in the order of `--help`. */
export const LOAD_TABLE: { readonly [Key in LoadKey]-?: LoadRow<NonNullable<LoadOptions[Key]>> } = {
  concurrency: {
    schema: count,
    option: {
      flags: ['--concurrency'],
      summary: 'Conversations in flight at most; with one turn each, requests in flight.',
      valueName: 'count',
      defaultText: '1; unlimited with a rate or a fixed schedule',
    },
    warmup: { flags: ['--warmup-concurrency'], summary: 'Conversations in flight at most during the warm-up.' },
    fileKeys: ['concurrency'],
    inherits: true,
    fallback: ({ mode }) => (mode === 'concurrency' ? 1 : undefined),
  },
  prefillConcurrency: {
    schema: count,
    option: {
      flags: ['--prefill-concurrency'],
      summary: 'Requests that wait for their first token at most. Only with --streaming, and not above --concurrency.',
      valueName: 'count',
      defaultText: 'no limit',
    },
    warmup: {
      flags: ['--warmup-prefill-concurrency'],
      summary: 'Requests that wait for their first token at most during the warm-up.',
    },
    fileKeys: ['prefill_concurrency'],
    inherits: true,
  },
  requestRatePerSec: {
    schema: rate,
    option: {
      flags: ['--request-rate'],
      summary: 'Requests started each second, whatever the server does (open loop).',
      valueName: 'per second',
      defaultText: 'none: as fast as --concurrency allows',
    },
    warmup: { flags: ['--warmup-request-rate'], summary: 'Requests started each second during the warm-up.' },
    fileKeys: ['rate', 'request_rate'],
    modes: ['request_rate', 'user_centric'],
    inherits: true,
  },
  requestRateSeries: {
    schema: rateSeries,
    option: {
      flags: ['--request-rate-series'],
      summary:
        'JSON file of a rate that changes: a list of {"time_s": 0, "qps": 10} points, linear in between. In place of --request-rate.',
      valueName: 'path',
      defaultText: 'none',
    },
    fileKeys: ['rate_series', 'request_rate_series'],
    modes: ['request_rate'],
    inherits: (warmup) => !hasRate(warmup),
    spell: (points) => points.map(({ timeSec, ratePerSec }) => ({ time_s: timeSec, qps: ratePerSec })),
  },
  arrivalPattern: {
    schema: oneOf(['constant', 'poisson', 'gamma', 'concurrency_burst']),
    option: {
      flags: ['--arrival-pattern', '--request-rate-mode'],
      summary:
        'Law of the intervals between requests; has no effect without a rate. concurrency_burst has no intervals, and so no rate.',
      valueName: 'pattern',
      defaultText: 'poisson; gamma with --arrival-smoothness',
    },
    warmup: { flags: ['--warmup-arrival-pattern'], summary: 'Law of the intervals during the warm-up.' },
    fileKeys: ['arrival_pattern'],
    inherits: true,
    fallback: ({ fields }) => (fields.arrivalSmoothness === undefined ? 'poisson' : 'gamma'),
    // Its type says it.
    described: 'never',
  },
  arrivalSmoothness: {
    schema: rate,
    option: {
      flags: ['--arrival-smoothness', '--vllm-burstiness'],
      summary: 'Shape of the gamma law: 1 is Poisson, less comes in bursts, more is steadier. Only with a rate.',
      valueName: 'shape',
      defaultText: '1 with --arrival-pattern gamma',
    },
    fileKeys: ['smoothness', 'arrival_smoothness'],
    modes: ['request_rate'],
    inherits: ({ fields }) => (fields.arrivalPattern ?? 'gamma') === 'gamma',
    fallback: ({ fields }) => (fields.arrivalPattern === 'gamma' ? 1 : undefined),
    described: 'given',
  },
  requestCount: {
    schema: count,
    option: {
      flags: ['--request-count', '--num-requests'],
      summary: 'Stop after this many requests.',
      valueName: 'count',
      defaultText: '10 without another stop condition',
    },
    warmup: {
      flags: ['--warmup-request-count', '--num-warmup-requests'],
      summary: 'Requests sent before the measurement. They do not count in the results.',
      defaultText: 'no warm-up',
    },
    fileKeys: ['requests', 'request_count'],
    isStop: true,
    fallback: (phase) =>
      phase.hasDefaultStop && !hasStop(phase) && phase.mode !== 'fixed_schedule' ? DEFAULT_REQUEST_COUNT : undefined,
  },
  sessionCount: {
    schema: count,
    option: {
      flags: ['--conversation-num', '--num-conversations', '--num-sessions'],
      summary:
        'Stop after this many conversations, whose turns are all sent; also how many distinct ones are generated.',
      valueName: 'count',
      defaultText: 'no limit',
    },
    warmup: {
      flags: ['--num-warmup-sessions'],
      summary: 'Conversations before the measurement.',
      defaultText: 'no warm-up',
    },
    fileKeys: ['sessions', 'session_count', 'num_sessions'],
    isStop: true,
  },
  durationSec: {
    schema: time,
    option: {
      flags: ['--benchmark-duration'],
      summary:
        'Stop sending after this time. Units: ms, s, m, h. Of several stop conditions the first that is reached counts.',
      valueName: 'seconds',
      defaultText: 'none',
    },
    warmup: {
      flags: ['--warmup-duration'],
      summary: 'Time for which requests are sent before the measurement.',
      defaultText: 'no warm-up',
    },
    fileKeys: ['duration'],
    isStop: true,
  },
  gracePeriodSec: {
    schema: gracePeriod,
    option: {
      flags: ['--benchmark-grace-period'],
      summary:
        'Time that requests in flight at the end of --benchmark-duration may still take; inf waits for all. Only with --benchmark-duration.',
      valueName: 'seconds',
      defaultText: '30 seconds',
    },
    warmup: {
      flags: ['--warmup-grace-period'],
      summary: 'Time that requests in flight at the end of --warmup-duration may still take.',
      defaultText: 'all are waited for',
    },
    fileKeys: ['grace_period'],
    needs: 'durationSec',
    // A warm-up is not worth cutting off: what it leaves in flight would load the measurement.
    fallback: ({ kind }) => (kind === 'warmup' ? Number.POSITIVE_INFINITY : DEFAULT_GRACE_PERIOD_SEC),
    described: 'given',
    // Infinity has no JSON form; AIPerf's configuration spells it so.
    spell: (sec) => (Number.isFinite(sec) ? sec : 'inf'),
  },
  concurrencyRamp: {
    ...ramp,
    option: {
      flags: ['--concurrency-ramp-duration'],
      summary: 'Time in which the concurrency climbs from 1 to --concurrency.',
      valueName: 'seconds',
      defaultText: 'none',
    },
    warmup: {
      flags: ['--warmup-concurrency-ramp-duration'],
      summary: "Time in which the warm-up's concurrency climbs.",
    },
    fileKeys: ['concurrency_ramp'],
    needs: 'concurrency',
    inherits: true,
  },
  prefillConcurrencyRamp: {
    ...ramp,
    option: {
      flags: ['--prefill-concurrency-ramp-duration'],
      summary: 'Time in which the prefill concurrency climbs from 1 to --prefill-concurrency.',
      valueName: 'seconds',
      defaultText: 'none',
    },
    warmup: {
      flags: ['--warmup-prefill-concurrency-ramp-duration'],
      summary: "Time in which the warm-up's prefill concurrency climbs.",
    },
    fileKeys: ['prefill_ramp', 'prefill_concurrency_ramp'],
    needs: 'prefillConcurrency',
    inherits: true,
  },
  requestRateRamp: {
    ...ramp,
    option: {
      flags: ['--request-rate-ramp-duration'],
      summary: 'Time in which the rate climbs to --request-rate.',
      valueName: 'seconds',
      defaultText: 'none',
    },
    warmup: {
      flags: ['--warmup-request-rate-ramp-duration'],
      summary: 'Time in which the rate climbs to --warmup-request-rate.',
    },
    fileKeys: ['rate_ramp', 'request_rate_ramp'],
    modes: ['request_rate'],
    inherits: hasRate,
  },
  sendLagLimitMs: {
    schema: z.pipe(
      time,
      z.transform((sec: number) => sec * MS_PER_SEC),
    ),
    option: {
      flags: ['--send-lag-limit'],
      summary:
        'The run is called degraded when one request in a hundred was sent later than this after its due time. Only with a rate or a fixed schedule.',
      valueName: 'seconds',
      defaultText: '10ms; 500ms with a fixed schedule',
    },
    fileKeys: ['send_lag_limit'],
    modes: ['request_rate', 'fixed_schedule', 'user_centric'],
    fallback: ({ mode }) => (mode === 'fixed_schedule' ? DEFAULT_REPLAY_LAG_LIMIT_MS : DEFAULT_SEND_LAG_LIMIT_MS),
    described: 'given',
    spell: (ms) => ms / MS_PER_SEC,
  },
  userCentricRatePerSec: {
    schema: rate,
    option: {
      flags: ['--user-centric-rate'],
      summary:
        'Requests each second over all users, each of whom has a turn every users / rate seconds. Needs --num-users; goes before --request-rate.',
      valueName: 'per second',
      defaultText: 'none',
    },
    fileKeys: [],
    sets: 'requestRatePerSec',
  },
  userCount: {
    schema: count,
    option: {
      flags: ['--num-users'],
      summary: 'Users at a time. Only with --user-centric-rate.',
      valueName: 'count',
      defaultText: 'none',
    },
    fileKeys: ['users', 'num_users'],
    modes: ['user_centric'],
  },
  cancellationRatePercent: {
    schema: percent,
    option: {
      flags: ['--request-cancellation-rate'],
      summary: 'Share of the requests that are cancelled by the client, in percent.',
      valueName: 'percent',
      defaultText: 'none',
    },
    fileKeys: ['cancellation.rate'],
    valueIn: ({ cancellation }) => cancellation?.ratePercent,
  },
  cancellationDelaySec: {
    schema: durationSec({ allowsZero: true, allowsInfinity: false }),
    option: {
      flags: ['--request-cancellation-delay'],
      summary:
        'Time from the moment a request is completely sent to its cancellation. Only with --request-cancellation-rate.',
      valueName: 'seconds',
      defaultText: '0 seconds',
    },
    fileKeys: ['cancellation.delay'],
    needs: 'cancellationRatePercent',
    valueIn: ({ cancellation }) => cancellation?.delaySec,
  },
};

/** The table, row by row. */
export const LOAD_ROWS: readonly (readonly [key: LoadKey, row: LoadRow<unknown>])[] = Object.entries(
  LOAD_TABLE,
) as never;

/** The rows of fields. */
export const FIELD_ROWS = LOAD_ROWS.filter(([, { sets }]) => sets === undefined) as readonly (readonly [
  field: PhaseField,
  row: LoadRow<unknown>,
])[];

/** Fields that say where a phase ends. */
export const STOP_FIELDS: readonly PhaseField[] = FIELD_ROWS.flatMap(([field, { isStop }]) =>
  isStop === true ? [field] : [],
);

/** True when something says where the phase ends. */
export function hasStop({ labels }: GivenFields): boolean {
  return STOP_FIELDS.some((field) => labels.has(field));
}
