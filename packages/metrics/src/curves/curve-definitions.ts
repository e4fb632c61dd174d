import type { MetricDefinition, MetricUnit } from '../metric-definition.ts';
import type { CurveState } from './curve-state.ts';

const NS_PER_SEC = 1e9;

/** One curve over time, and the metrics made from it. */
export interface Curve {
  /** Over the whole window. */
  readonly effective: MetricDefinition;
  /** Over the time in which the curve is active. */
  readonly active?: MetricDefinition;
  /** Exists without streamed responses as well. */
  readonly needsStreaming: boolean;
}

/** The curves at one moment, by their place in {@link CURVES}. Arrays, because a number that a function returns costs memory each time. */
export class CurveValues {
  /** In the metrics' units. */
  readonly values: Float64Array = new Float64Array(9);
  /** 1 where a curve has something to say; it is 0 where it has not. */
  readonly actives: Uint8Array = new Uint8Array(9).fill(1);

  read(state: CurveState): void {
    const { values, actives } = this;
    const { prefilling, decoding } = state;
    const decodeRate = state.decodeRate * NS_PER_SEC;
    const prefillRate = state.prefillRate * NS_PER_SEC;
    values[0] = state.inFlight;
    values[1] = decodeRate;
    values[2] = prefillRate;
    values[3] = decoding;
    values[4] = prefilling;
    values[5] = prefillRate + state.evenDecodeRate * NS_PER_SEC;
    values[6] = decoding === 0 ? 0 : decodeRate / decoding;
    values[7] = prefilling === 0 ? 0 : prefillRate / prefilling;
    values[8] = state.tokens;
    actives[1] = actives[6] = decoding > 0 ? 1 : 0;
    actives[2] = actives[7] = prefilling > 0 ? 1 : 0;
    // A time in which only requests that fail are in flight is a time in which the server gave nothing.
    actives[5] = state.inFlight > 0 ? 1 : 0;
  }
}

function defined(
  name: string,
  unit: MetricUnit,
  formula: string,
  group: 'effective' | 'active' = 'effective',
): MetricDefinition {
  const tag = name === 'tokens_in_flight' ? name : `${group}_${name}`;
  const header = tag.replaceAll('_', ' ').replaceAll(/\b[a-z]/gu, (letter) => letter.toUpperCase());
  return { tag, header, unit, kind: 'curve', consoleGroup: group, flags: [], formula };
}

function throughput(name: string, unit: MetricUnit, formula: string, busy = 'at least one such request'): Curve {
  return {
    effective: defined(name, unit, `${formula}; time-weighted over the whole window`),
    active: defined(name, unit, `${formula}; time-weighted over the time with ${busy}`, 'active'),
    needsStreaming: true,
  };
}

function level(name: string, unit: MetricUnit, formula: string, needsStreaming = true): Curve {
  return { effective: defined(name, unit, `${formula}; time-weighted over the whole window`), needsStreaming };
}

const DECODE = 'output tokens after the first, spread over the gaps between the chunks';
const PREFILL = 'input tokens, spread evenly from the request start to the first token';

/** Every curve, in the order of the files and of {@link CurveValues}. */
export const CURVES: readonly Curve[] = [
  level('concurrency', 'requests', 'requests between start and end, failed and cancelled ones included', false),
  throughput('decode_throughput', 'tokens/sec', DECODE),
  throughput('prefill_throughput', 'tokens/sec', PREFILL),
  level('decode_concurrency', 'requests', 'requests between first token and end'),
  level('prefill_concurrency', 'requests', 'requests between start and first token'),
  throughput(
    'total_throughput',
    'tokens/sec',
    `${PREFILL}, plus output tokens after the first, spread evenly from the first token to the end`,
    'at least one request in flight, failed ones included',
  ),
  throughput(
    'decode_throughput_per_user',
    'tokens/sec/user',
    `${DECODE}, by the number of requests between first token and end`,
  ),
  throughput(
    'prefill_throughput_per_user',
    'tokens/sec/user',
    `${PREFILL}, by the number of requests before their first token`,
  ),
  level('tokens_in_flight', 'tokens', 'input tokens and the output tokens so far of all requests that give output'),
];

const ACTIVE_ORDER = [
  'active_decode_throughput',
  'active_prefill_throughput',
  'active_decode_throughput_per_user',
  'active_prefill_throughput_per_user',
  'active_total_throughput',
];

/** The metrics that {@link CURVES} make, in the order of the files; beside the registry, which holds what is computed from values of rows. */
export const CURVE_DEFINITIONS: readonly MetricDefinition[] = [
  ...CURVES.map(({ effective }) => effective),
  ...ACTIVE_ORDER.flatMap((tag) => CURVES.flatMap(({ active }) => (active?.tag === tag ? [active] : []))),
];
