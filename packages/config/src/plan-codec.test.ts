import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseProfileArguments } from './parse-profile-arguments.ts';
import { decodePlan, encodePlan } from './plan-codec.ts';
import type { RunPlan } from './run-plan.ts';
import { Secret } from './secret.ts';
import type { UserConfig } from './user-config.ts';

function createPlan(config: UserConfig): RunPlan {
  return {
    benchmarkId: 'a3dc14a69691',
    config,
    clockOrigin: { monotonicNs: '123456789012345', epochNs: '1763800000123456789' },
    runDirectory: '/runs/x',
    privateDirectory: '/tmp/x',
    workerIds: ['worker_1', 'worker_2'],
    recordProcessorIds: ['record_processor_1'],
    commandLine: "aiperf profile --model 'x'",
  };
}

function configOf(argv: readonly string[]): UserConfig {
  const result = parseProfileArguments(argv, { isTty: false });
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.config;
}

/** Secrets as plain text, so that equality sees them. */
function reveal(value: unknown): unknown {
  if (value instanceof Secret) return ['secret', value.reveal()];
  if (Array.isArray(value)) return value.map(reveal);
  if (typeof value !== 'object' || value === null) return value;
  return Object.entries(value).map(([key, part]) => [key, reveal(part)]);
}

describe('plan codec', () => {
  const config = configOf([
    '-m',
    'x',
    '--api-key',
    'k1',
    '-H',
    'X-Api-Key:k2',
    '--benchmark-duration',
    '1',
    '--benchmark-grace-period',
    'inf',
  ]);

  const [profiling] = config.phases;
  if (profiling === undefined) throw new Error('no phase');

  test('secrets and an endless grace period arrive', () => {
    const decoded = decodePlan(encodePlan(createPlan(config)));
    expect(decoded.config.endpoint.apiKey?.reveal()).toBe('k1');
    expect(decoded.config.endpoint.headers[0]?.[1].reveal()).toBe('k2');
    expect(decoded.config.phases[0]?.gracePeriodSec).toBe(Number.POSITIVE_INFINITY);
    expect(JSON.stringify(decoded)).not.toMatch(/k1|k2/);
  });

  test('every plan comes back as it was, whatever the extra inputs hold', () => {
    const tagged = fc.constantFrom('$secret', '$number', '$object', '__proto__', 'a');
    const extraInputs = fc.dictionary(
      fc.oneof(tagged, fc.string()),
      fc.oneof(fc.jsonValue(), fc.dictionary(tagged, fc.jsonValue())),
    );
    fc.assert(
      fc.property(extraInputs, fc.string(), fc.double({ noNaN: true }), (extra, secret, gracePeriodSec) => {
        const plan = createPlan({
          ...config,
          endpoint: { ...config.endpoint, apiKey: new Secret(secret) },
          input: { ...config.input, extraInputs: extra },
          phases: [{ ...profiling, gracePeriodSec }],
        });
        expect(reveal(decodePlan(encodePlan(plan)))).toEqual(reveal(plan));
      }),
      { numRuns: 300, seed: 11 },
    );
  });

  test.for([
    ['', 'no JSON'],
    ['{"sk-canary"', 'broken JSON'],
    ['null', 'no object'],
    ['{"benchmarkId":"sk-canary"}', 'fields missing'],
  ] as const)('%j is refused without being quoted: %s', ([text]) => {
    expect(() => decodePlan(text)).toThrow(expect.objectContaining({ code: 'AIPERF_CONFIG_BAD_PLAN' }));
    expect(() => decodePlan(text)).toThrow(/^(?!.*sk-canary)/su);
  });
});
