import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { BatchTimes } from '../batch-times.ts';
import { GOLDEN, GoldenRows } from '../golden-rows.test.support.ts';
import { createMetricSet } from '../metric-set.ts';
import { CHAT_MODE } from '../test-records.test.support.ts';
import { computeCurves } from './compute-curves.ts';

const PROFILING = 1;

/** Times in the summary are UTC, to the microsecond. */
function microseconds(text: unknown): bigint {
  const [seconds = '', fraction = '0'] = String(text).split('.');
  return BigInt(Date.parse(`${seconds}Z`)) * 1000n + BigInt(fraction.padEnd(6, '0'));
}

/**
 * AIPerf adds floats of epoch time, whose steps are 256 ns, so that its curves have spikes and holes of that length: they show in
 * its extremes and, slightly, in its deviations.
 */
const TOLERANCES = { avg: 1e-5, p50: 1e-5, p90: 1e-5, p95: 1e-5, p99: 1e-5, std: 5e-4 } as const;

describe('curves of AIPerf 0.13', () => {
  test.for(['01-llama-raw', '02-poisson-goodput', '03-faults-cancel', '06-multi-turn', '07-mooncake-fixed'])(
    '%s: the statistics of its summary from its records',
    async (run) => {
      const rows = new GoldenRows(new URL(`${run}/profile_export.jsonl`, GOLDEN));
      const summary = JSON.parse(readFileSync(new URL(`${run}/profile_export_aiperf.json`, GOLDEN), 'utf8')) as Record<
        string,
        Readonly<Record<string, number | string>> | undefined
      >;
      const sinceOrigin = (name: string): number => Number(microseconds(summary[name]) * 1000n - rows.originEpochNs);
      const [results = []] = await computeCurves(rows, {
        metrics: createMetricSet(CHAT_MODE),
        includes: (phase) => phase === PROFILING,
        windows: [{ startNs: sinceOrigin('start_time'), endNs: sinceOrigin('end_time') }],
        batchTimes: new BatchTimes(),
      });
      expect(results).toHaveLength(14);
      for (const { tag, header, unit, ...statistics } of results) {
        const expected = summary[tag] ?? {};
        expect([tag, unit]).toEqual([tag, expected['unit']]);
        expect(header).toMatch(/^(Effective|Active|Tokens) [A-Z]/u);
        expect(Object.keys(statistics).sort()).toEqual(
          Object.keys(expected)
            .filter((name) => name !== 'unit')
            .sort(),
        );
        for (const [name, tolerance] of Object.entries(TOLERANCES)) {
          const stated = Number(expected[name]);
          const found = statistics[name as keyof typeof TOLERANCES] ?? Number.NaN;
          expect(Math.abs(found - stated), `${name} of ${tag}: ${found}, not ${stated}`).toBeLessThanOrEqual(
            Math.max(1e-3, Math.abs(stated)) * tolerance,
          );
        }
      }
    },
  );
});
