import type { MetricDefinition, MetricUnit } from '../metric-definition.ts';
import type { CurveState } from './curve-state.ts';

const NS_PER_SEC = 1e9;

/** One curve over time, and the metrics made from it. */
export interface Curve {
  /** Value in the metric's unit. */
  readonly valueOf: (state: CurveState) => number;
  /** Whether the curve has anything to say at this moment; always 0 where it has not. */
  readonly isActive: (state: CurveState) => boolean;
  /** Over the whole window. */
  readonly effective: MetricDefinition;
  /** Over the time in which it is active. */
  readonly active?: MetricDefinition;
  /** Exists without streamed responses as well. */
  readonly needsStreaming: boolean;
}

const always = (): boolean => true;
const prefills = (state: CurveState): boolean => state.prefilling > 0;
const decodes = (state: CurveState): boolean => state.decoding > 0;
const works = (state: CurveState): boolean => state.prefilling > 0 || state.decoding > 0;

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

function throughput(
  name: string,
  unit: MetricUnit,
  isActive: Curve['isActive'],
  formula: string,
  valueOf: Curve['valueOf'],
): Curve {
  return {
    valueOf,
    isActive,
    effective: defined(name, unit, `${formula}; time-weighted over the whole window`),
    active: defined(name, unit, `${formula}; time-weighted over the time with at least one such request`, 'active'),
    needsStreaming: true,
  };
}

function count(name: string, formula: string, valueOf: Curve['valueOf'], needsStreaming = true): Curve {
  return {
    valueOf,
    isActive: always,
    effective: defined(name, 'requests', `${formula}; time-weighted over the whole window`),
    needsStreaming,
  };
}

const DECODE = 'output tokens after the first, spread over the gaps between the chunks';
const PREFILL = 'input tokens, spread evenly from the request start to the first token';

/** Every curve, in the order of the files. */
export const CURVES: readonly Curve[] = [
  count(
    'concurrency',
    'requests between start and end, failed and cancelled ones included',
    (state) => state.inFlight,
    false,
  ),
  throughput('decode_throughput', 'tokens/sec', decodes, DECODE, (state) => state.decodeRate * NS_PER_SEC),
  throughput('prefill_throughput', 'tokens/sec', prefills, PREFILL, (state) => state.prefillRate * NS_PER_SEC),
  count('decode_concurrency', 'requests between first token and end', (state) => state.decoding),
  count('prefill_concurrency', 'requests between start and first token', (state) => state.prefilling),
  throughput(
    'total_throughput',
    'tokens/sec',
    works,
    `${PREFILL}, plus output tokens after the first, spread evenly from the first token to the end`,
    (state) => (state.prefillRate + state.evenDecodeRate) * NS_PER_SEC,
  ),
  throughput(
    'decode_throughput_per_user',
    'tokens/sec/user',
    decodes,
    `${DECODE}, by the number of requests between first token and end`,
    (state) => (state.decoding === 0 ? 0 : (state.decodeRate * NS_PER_SEC) / state.decoding),
  ),
  throughput(
    'prefill_throughput_per_user',
    'tokens/sec/user',
    prefills,
    `${PREFILL}, by the number of requests before their first token`,
    (state) => (state.prefilling === 0 ? 0 : (state.prefillRate * NS_PER_SEC) / state.prefilling),
  ),
  {
    valueOf: (state) => state.tokens,
    isActive: always,
    effective: defined(
      'tokens_in_flight',
      'tokens',
      'input tokens and the output tokens so far of all requests that give output; time-weighted over the whole window',
    ),
    needsStreaming: true,
  },
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
