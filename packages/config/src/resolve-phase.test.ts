import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseProfileArguments } from './parse-profile-arguments.ts';
import type { PhaseConfig } from './phase-config.ts';

const count = fc.integer({ min: 1, max: 40 });
const rate = fc.double({ min: 0.001, max: 1000, noNaN: true });
const pattern = fc.constantFrom('constant', 'poisson', 'gamma', 'concurrency_burst');

const options: Readonly<Record<string, fc.Arbitrary<string | number>>> = {
  '--concurrency': count,
  '--prefill-concurrency': count,
  '--request-rate': rate,
  '--arrival-pattern': pattern,
  '--arrival-smoothness': rate,
  '--user-centric-rate': rate,
  '--num-users': count,
  '--request-count': count,
  '--num-sessions': count,
  '--benchmark-duration': rate,
  '--benchmark-grace-period': rate,
  '--concurrency-ramp-duration': rate,
  '--prefill-concurrency-ramp-duration': rate,
  '--request-rate-ramp-duration': rate,
  '--request-cancellation-rate': fc.double({ min: 0.001, max: 100, noNaN: true }),
  '--request-cancellation-delay': rate,
  '--send-lag-limit': rate,
  '--warmup-request-count': count,
  '--num-warmup-sessions': count,
  '--warmup-duration': rate,
  '--warmup-grace-period': rate,
  '--warmup-concurrency': count,
  '--warmup-prefill-concurrency': count,
  '--warmup-request-rate': rate,
  '--warmup-arrival-pattern': pattern,
  '--warmup-concurrency-ramp-duration': rate,
  '--warmup-prefill-concurrency-ramp-duration': rate,
  '--warmup-request-rate-ramp-duration': rate,
};

function fieldsWithout(phase: PhaseConfig, needed: keyof PhaseConfig, ...fields: (keyof PhaseConfig)[]): string[] {
  return phase[needed] === undefined ? fields.filter((field) => phase[field] !== undefined) : [];
}

function faultsOf(phase: PhaseConfig): string[] {
  const { mode, concurrency = Number.POSITIVE_INFINITY, prefillConcurrency = 0 } = phase;
  const hasStop = phase.requestCount ?? phase.sessionCount ?? phase.durationSec;
  const isGamma = mode === 'request_rate' && phase.arrivalPattern === 'gamma';
  return [
    ...(hasStop === undefined ? ['no end'] : []),
    ...(mode === 'concurrency' && phase.concurrency === undefined ? ['a closed loop without slots'] : []),
    ...(mode === 'concurrency' && phase.requestRatePerSec !== undefined ? ['a closed loop with a rate'] : []),
    ...(mode !== 'concurrency' && phase.requestRatePerSec === undefined ? ['an open loop without a rate'] : []),
    ...((mode === 'user_centric') === (phase.userCount === undefined) ? ['users'] : []),
    ...(mode === 'request_rate' && phase.arrivalPattern === 'concurrency_burst' ? ['a rate without a law'] : []),
    ...(isGamma === (phase.arrivalSmoothness === undefined) ? ['smoothness'] : []),
    ...((mode === 'concurrency') === (phase.sendLagLimitMs === undefined) ? [] : ['lag limit']),
    ...(prefillConcurrency > concurrency ? ['prefill above concurrency'] : []),
    ...fieldsWithout(phase, 'concurrency', 'concurrencyRamp'),
    ...fieldsWithout(phase, 'prefillConcurrency', 'prefillConcurrencyRamp'),
    ...fieldsWithout(phase, 'requestRatePerSec', 'requestRateRamp'),
    ...Object.entries(phase).flatMap(([key, value]) => (value === undefined ? [`${key} is undefined`] : [])),
  ];
}

test('whatever is combined, there are problems, or phases that can be carried out', () => {
  let accepted = 0;
  // A few options at a time, or hardly a combination would be a right one.
  const given = fc
    .subarray(Object.keys(options), { maxLength: 7 })
    .chain((flags) => fc.record(Object.fromEntries(flags.map((flag) => [flag, options[flag] ?? count]))));
  const turns = fc.integer({ min: 1, max: 3 });
  fc.assert(
    fc.property(given, turns, (chosen, turnsMean) => {
      const words = Object.entries(chosen).flatMap(([flag, value]) => [flag, `${value}`]);
      const argv = ['-m', 'x', '--streaming', '--session-turns-mean', `${turnsMean}`, ...words];
      const result = parseProfileArguments(argv, { isTty: false });
      if (!result.ok) {
        expect(result.problems.every(({ options: named }) => named.length > 0)).toBe(true);
        return;
      }
      accepted += 1;
      const { phases } = result.config;
      expect(phases.map(faultsOf)).toEqual(phases.map(() => []));
      expect(phases.filter(({ kind }) => kind === 'profiling')).toHaveLength(1);
    }),
    { numRuns: 1500, seed: 4 },
  );
  expect(accepted).toBeGreaterThan(100);
});

test('of every two options there are problems, or phases that can be carried out', () => {
  const names = Object.keys(options);
  const faults = names.flatMap((flag) =>
    names.flatMap((other) => {
      const words = [...new Set([flag, other])].flatMap((name) => [name, name.includes('pattern') ? 'gamma' : '3']);
      const argv = ['-m', 'x', '--streaming', '--session-turns-mean', '2', ...words];
      const result = parseProfileArguments(argv, { isTty: false });
      const found = result.ok ? result.config.phases.flatMap(faultsOf) : [];
      return found.map((fault) => `${flag} ${other}: ${fault}`);
    }),
  );
  expect(faults).toEqual([]);
});
