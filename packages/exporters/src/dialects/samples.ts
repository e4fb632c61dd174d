import { createCollector, type Summary } from '@aiperf/metrics/stats';
import type { DialectRequest, DialectRequests } from './dialect-requests.ts';

/** Larger samples are narrowed down in several passes over the file. */
const SAMPLE_BUDGET_BYTES = 32 * 1024 * 1024;

/** Passes on the values of a request that belong to a sample. */
export type EmitSamples<Key extends string> = (request: DialectRequest, add: (key: Key, value: number) => void) => void;

/** Exact statistics, by numpy's default percentiles, of samples over the requests; a sample without a value is absent. Memory is bounded. */
export async function summarizeSamples<Key extends string>(
  requests: DialectRequests,
  emit: EmitSamples<Key>,
): Promise<Partial<Record<Key, Summary>>> {
  const counts = new Map<Key, number>();
  const count = (key: Key): void => void counts.set(key, (counts.get(key) ?? 0) + 1);
  await requests.visit((request) => emit(request, count), true);
  const collectors = new Map(
    Array.from(counts, ([key, valueCount]) => [key, createCollector(valueCount, SAMPLE_BUDGET_BYTES)] as const),
  );
  let open = new Map(collectors);
  while (open.size > 0) {
    await requests.visit((request) => emit(request, (key, value) => open.get(key)?.add(value)), true);
    for (const collector of open.values()) collector.endPass();
    open = new Map(Array.from(open).filter(([, { isDone }]) => !isDone));
  }
  return Object.fromEntries(Array.from(collectors, ([key, collector]) => [key, collector.result()])) as Partial<
    Record<Key, Summary>
  >;
}
