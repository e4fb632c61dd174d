import type { Checks } from '../checks.ts';
import type { Covered } from './compare-metrics.ts';
import type { ReferenceView } from './reference.ts';

/** Registered metrics of AIPerf that no view can show, and why. */
const NOT_APPLICABLE: readonly (readonly [pattern: RegExp, reason: string])[] = [
  [/^video_/, 'only of endpoints that make videos, which a chat endpoint does not'],
  [/^(nvidia|amd)_/, 'from the power and energy counters of GPUs, not from requests'],
];

/** Prints which metrics were compared, and checks that every record metric was. */
export function reportCoverage(
  checks: Checks,
  covered: Covered,
  { kinds }: Pick<ReferenceView, 'kinds'>,
  summaryTags: ReadonlySet<string>,
): void {
  for (const kind of ['record', 'aggregate', 'derived'] as const) {
    const tags = [...kinds].filter(([, each]) => each === kind).map(([tag]) => tag);
    const found = tags.filter((tag) => covered.has(tag));
    const values = found.reduce((sum, tag) => sum + (covered.get(tag)?.rows ?? 0), 0);
    const missing = tags.filter((tag) => !covered.has(tag));
    console.log(
      `\n${kind} metrics of AIPerf 0.13: ${tags.length}, equal in some view: ${found.length} (${values} values of requests)`,
    );
    console.log(`  covered: ${found.join(' ')}`);
    for (const [pattern, reason] of NOT_APPLICABLE) {
      const excused = missing.filter((tag) => pattern.test(tag));
      if (excused.length > 0) console.log(`  not applicable, ${reason}: ${excused.join(' ')}`);
    }
    const open = missing.filter((tag) => !NOT_APPLICABLE.some(([pattern]) => pattern.test(tag)));
    console.log(`  not covered: ${open.length === 0 ? 'none' : open.join(' ')}`);
    for (const tag of tags) checks.holds(`coverage/${tag}`, !open.includes(tag), tag, '');
  }
  const injected = [...summaryTags].filter((tag) => !kinds.has(tag));
  const missing = injected.filter((tag) => !covered.has(tag));
  console.log(
    `\nother metrics in AIPerf's summaries: ${injected.length}, equal in some view: ${injected.length - missing.length}`,
  );
  console.log(`  covered: ${injected.filter((tag) => covered.has(tag)).join(' ')}`);
  console.log(`  not applicable, of traces with block hashes, not from requests: theoretical_prefix_cache_hit`);
  console.log(`  not covered: ${missing.length === 0 ? 'none' : missing.join(' ')}`);
  for (const tag of injected) checks.holds(`coverage/${tag}`, covered.has(tag), tag, '');
}
