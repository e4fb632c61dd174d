import * as z from 'zod/mini';
import type { LoadConfig } from '../user-config.ts';
import { durationSec, type GroupSchema, integerFrom, numberFrom, oneOf, option } from './option.ts';

/** How much is sent, when, and until when. */
export const loadSchema: GroupSchema<LoadConfig> = z.object({
  concurrency: option(z.exactOptional(integerFrom(1)), {
    flags: ['--concurrency'],
    summary: 'Requests in flight at most.',
    valueName: 'count',
    defaultText: '1; unlimited with --request-rate',
  }),
  requestRatePerSec: option(z.exactOptional(numberFrom(0, 'exclusive')), {
    flags: ['--request-rate'],
    summary: 'Requests started each second, whatever the server does (open loop).',
    valueName: 'per second',
    defaultText: 'none: as fast as --concurrency allows',
  }),
  arrivalPattern: option(z._default(oneOf(['constant', 'poisson']), 'poisson'), {
    flags: ['--arrival-pattern', '--request-rate-mode'],
    summary: 'Law of the intervals between requests; has no effect without --request-rate.',
  }),
  requestCount: option(z.exactOptional(integerFrom(1)), {
    flags: ['--request-count', '--num-requests'],
    summary: 'Stop after this many requests.',
    valueName: 'count',
    defaultText: '10; unlimited with --benchmark-duration',
  }),
  benchmarkDurationSec: option(z.exactOptional(durationSec({ allowsZero: false, allowsInfinity: false })), {
    flags: ['--benchmark-duration'],
    summary: 'Stop sending after this time. Units: ms, s, m, h.',
    valueName: 'seconds',
    defaultText: 'none',
  }),
  gracePeriodSec: option(z._default(durationSec({ allowsZero: true, allowsInfinity: true }), 30), {
    flags: ['--benchmark-grace-period'],
    summary:
      'Time that requests in flight at the end of --benchmark-duration may still take; inf waits for all. Only with --benchmark-duration.',
    valueName: 'seconds',
  }),
  warmupRequestCount: option(z.exactOptional(integerFrom(1)), {
    flags: ['--warmup-request-count', '--num-warmup-requests'],
    summary: 'Requests sent before the measurement. They do not count in the results.',
    valueName: 'count',
    defaultText: 'no warm-up',
  }),
});
