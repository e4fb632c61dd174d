import type { MetricDefinition, MetricUnit } from '@aiperf/metrics';

/** Nanoseconds, or bytes, in one of each unit. KB are 1024 bytes, as AIPerf counts them. */
const SCALES: readonly Readonly<Partial<Record<MetricUnit, number>>>[] = [
  { ns: 1, ms: 1e6, sec: 1e9 },
  { B: 1, KB: 1024 },
];

/** By what a native value is divided to be shown. One division, so that the result is the nearest double. */
export function displayDivisor(definition: Pick<MetricDefinition, 'unit' | 'displayUnit'>): number {
  const { unit, displayUnit = unit } = definition;
  if (unit === displayUnit) return 1;
  for (const scale of SCALES) {
    const from = scale[unit];
    const to = scale[displayUnit];
    if (from !== undefined && to !== undefined) return to / from;
  }
  throw new TypeError(`a metric in ${unit} cannot be shown in ${displayUnit}`);
}
