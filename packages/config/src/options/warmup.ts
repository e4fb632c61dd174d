import * as z from 'zod/mini';
import { arrivalPatternSchema, type LoadOptions, rampSec } from './load.ts';
import { durationSec, type GroupSchema, integerFrom, numberFrom, option } from './option.ts';

/** The load options that a warm-up has of its own; for the others it takes those of the profiling phase, or has none. */
export type WarmupOptions = Pick<
  LoadOptions,
  | 'concurrency'
  | 'prefillConcurrency'
  | 'requestRatePerSec'
  | 'arrivalPattern'
  | 'requestCount'
  | 'sessionCount'
  | 'durationSec'
  | 'gracePeriodSec'
  | 'concurrencyRampSec'
  | 'prefillConcurrencyRampSec'
  | 'requestRateRampSec'
>;

/** Load before the measurement. There is a warm-up when one of its stop conditions is given. */
export const warmupSchema: GroupSchema<WarmupOptions> = z.object({
  requestCount: option(z.exactOptional(integerFrom(1)), {
    flags: ['--warmup-request-count', '--num-warmup-requests'],
    summary: 'Requests sent before the measurement. They do not count in the results.',
    valueName: 'count',
    defaultText: 'no warm-up',
  }),
  sessionCount: option(z.exactOptional(integerFrom(1)), {
    flags: ['--num-warmup-sessions'],
    summary: 'Conversations before the measurement.',
    valueName: 'count',
    defaultText: 'no warm-up',
  }),
  durationSec: option(z.exactOptional(durationSec({ allowsZero: false, allowsInfinity: false })), {
    flags: ['--warmup-duration'],
    summary: 'Time for which requests are sent before the measurement.',
    valueName: 'seconds',
    defaultText: 'no warm-up',
  }),
  gracePeriodSec: option(z.exactOptional(durationSec({ allowsZero: true, allowsInfinity: true })), {
    flags: ['--warmup-grace-period'],
    summary: 'Time that requests in flight at the end of --warmup-duration may still take.',
    valueName: 'seconds',
    defaultText: 'all are waited for',
  }),
  concurrency: option(z.exactOptional(integerFrom(1)), {
    flags: ['--warmup-concurrency'],
    summary: 'Conversations in flight at most during the warm-up.',
    valueName: 'count',
    defaultText: '--concurrency',
  }),
  prefillConcurrency: option(z.exactOptional(integerFrom(1)), {
    flags: ['--warmup-prefill-concurrency'],
    summary: 'Requests that wait for their first token at most during the warm-up.',
    valueName: 'count',
    defaultText: '--prefill-concurrency',
  }),
  requestRatePerSec: option(z.exactOptional(numberFrom(0, 'exclusive')), {
    flags: ['--warmup-request-rate'],
    summary: 'Requests started each second during the warm-up.',
    valueName: 'per second',
    defaultText: '--request-rate',
  }),
  arrivalPattern: option(z.exactOptional(arrivalPatternSchema), {
    flags: ['--warmup-arrival-pattern'],
    summary: 'Law of the intervals during the warm-up.',
    valueName: 'pattern',
    defaultText: '--arrival-pattern',
  }),
  concurrencyRampSec: option(rampSec(), {
    flags: ['--warmup-concurrency-ramp-duration'],
    summary: "Time in which the warm-up's concurrency climbs.",
    valueName: 'seconds',
    defaultText: '--concurrency-ramp-duration',
  }),
  prefillConcurrencyRampSec: option(rampSec(), {
    flags: ['--warmup-prefill-concurrency-ramp-duration'],
    summary: "Time in which the warm-up's prefill concurrency climbs.",
    valueName: 'seconds',
    defaultText: '--prefill-concurrency-ramp-duration',
  }),
  requestRateRampSec: option(rampSec(), {
    flags: ['--warmup-request-rate-ramp-duration'],
    summary: 'Time in which the rate climbs to --warmup-request-rate.',
    valueName: 'seconds',
    defaultText: '--request-rate-ramp-duration',
  }),
});
