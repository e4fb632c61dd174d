import * as z from 'zod/mini';
import type { ArrivalPattern } from '../phase-config.ts';
import { durationSec, type GroupSchema, integerFrom, numberFrom, oneOf, option, text } from './option.ts';

/** What a phase of load may be told on the command line; the same names for the profiling phase and for the warm-up. */
export interface LoadOptions {
  readonly concurrency?: number;
  readonly prefillConcurrency?: number;
  readonly requestRatePerSec?: number;
  /** Path of the file. */
  readonly requestRateSeries?: string;
  readonly arrivalPattern?: ArrivalPattern;
  readonly arrivalSmoothness?: number;
  readonly userCentricRatePerSec?: number;
  readonly userCount?: number;
  readonly requestCount?: number;
  readonly sessionCount?: number;
  readonly durationSec?: number;
  readonly gracePeriodSec?: number;
  readonly concurrencyRampSec?: number;
  readonly prefillConcurrencyRampSec?: number;
  readonly requestRateRampSec?: number;
  readonly cancellationRatePercent?: number;
  readonly cancellationDelaySec?: number;
  readonly sendLagLimitSec?: number;
}

/** The arrival patterns as they are spelled. */
export const arrivalPatternSchema: z.ZodMiniEnum<z.core.util.ToEnum<ArrivalPattern>> = oneOf([
  'constant',
  'poisson',
  'gamma',
  'concurrency_burst',
]);

/** A time that is not nothing. */
export function rampSec(): z.ZodMiniExactOptional<z.ZodMiniTransform<number, unknown>> {
  return z.exactOptional(durationSec({ allowsZero: false, allowsInfinity: false }));
}

const percent = z
  .number('a number greater than 0 and of at most 100')
  .check(z.refine((value) => value > 0 && value <= 100, 'a number greater than 0 and of at most 100'));

/** How much is sent, when, and until when. */
export const loadSchema: GroupSchema<LoadOptions> = z.object({
  concurrency: option(z.exactOptional(integerFrom(1)), {
    flags: ['--concurrency'],
    summary: 'Conversations in flight at most; with one turn each, requests in flight.',
    valueName: 'count',
    defaultText: '1; unlimited with a rate or a fixed schedule',
  }),
  prefillConcurrency: option(z.exactOptional(integerFrom(1)), {
    flags: ['--prefill-concurrency'],
    summary: 'Requests that wait for their first token at most. Only with --streaming, and not above --concurrency.',
    valueName: 'count',
    defaultText: 'no limit',
  }),
  requestRatePerSec: option(z.exactOptional(numberFrom(0, 'exclusive')), {
    flags: ['--request-rate'],
    summary: 'Requests started each second, whatever the server does (open loop).',
    valueName: 'per second',
    defaultText: 'none: as fast as --concurrency allows',
  }),
  requestRateSeries: option(z.exactOptional(text('a path')), {
    flags: ['--request-rate-series'],
    summary:
      'JSON file of a rate that changes: a list of {"time_s": 0, "qps": 10} points, linear in between. In place of --request-rate.',
    valueName: 'path',
    defaultText: 'none',
  }),
  arrivalPattern: option(z.exactOptional(arrivalPatternSchema), {
    flags: ['--arrival-pattern', '--request-rate-mode'],
    summary:
      'Law of the intervals between requests; has no effect without a rate. concurrency_burst has no intervals, and so no rate.',
    valueName: 'pattern',
    defaultText: 'poisson; gamma with --arrival-smoothness',
  }),
  arrivalSmoothness: option(z.exactOptional(numberFrom(0, 'exclusive')), {
    flags: ['--arrival-smoothness', '--vllm-burstiness'],
    summary: 'Shape of the gamma law: 1 is Poisson, less comes in bursts, more is steadier. Only with a rate.',
    valueName: 'shape',
    defaultText: '1 with --arrival-pattern gamma',
  }),
  requestCount: option(z.exactOptional(integerFrom(1)), {
    flags: ['--request-count', '--num-requests'],
    summary: 'Stop after this many requests.',
    valueName: 'count',
    defaultText: '10 without another stop condition',
  }),
  sessionCount: option(z.exactOptional(integerFrom(1)), {
    flags: ['--conversation-num', '--num-conversations', '--num-sessions'],
    summary: 'Stop after this many conversations, whose turns are all sent; also how many distinct ones are generated.',
    valueName: 'count',
    defaultText: 'no limit',
  }),
  durationSec: option(z.exactOptional(durationSec({ allowsZero: false, allowsInfinity: false })), {
    flags: ['--benchmark-duration'],
    summary:
      'Stop sending after this time. Units: ms, s, m, h. Of several stop conditions the first that is reached counts.',
    valueName: 'seconds',
    defaultText: 'none',
  }),
  gracePeriodSec: option(z.exactOptional(durationSec({ allowsZero: true, allowsInfinity: true })), {
    flags: ['--benchmark-grace-period'],
    summary:
      'Time that requests in flight at the end of --benchmark-duration may still take; inf waits for all. Only with --benchmark-duration.',
    valueName: 'seconds',
    defaultText: '30 seconds',
  }),
  concurrencyRampSec: option(rampSec(), {
    flags: ['--concurrency-ramp-duration'],
    summary: 'Time in which the concurrency climbs from 1 to --concurrency.',
    valueName: 'seconds',
    defaultText: 'none',
  }),
  prefillConcurrencyRampSec: option(rampSec(), {
    flags: ['--prefill-concurrency-ramp-duration'],
    summary: 'Time in which the prefill concurrency climbs from 1 to --prefill-concurrency.',
    valueName: 'seconds',
    defaultText: 'none',
  }),
  requestRateRampSec: option(rampSec(), {
    flags: ['--request-rate-ramp-duration'],
    summary: 'Time in which the rate climbs to --request-rate.',
    valueName: 'seconds',
    defaultText: 'none',
  }),
  sendLagLimitSec: option(z.exactOptional(durationSec({ allowsZero: false, allowsInfinity: false })), {
    flags: ['--send-lag-limit'],
    summary:
      'The run is called degraded when one request in a hundred was sent later than this after its due time. Only with a rate or a fixed schedule.',
    valueName: 'seconds',
    defaultText: '10ms; 500ms with a fixed schedule',
  }),
  userCentricRatePerSec: option(z.exactOptional(numberFrom(0, 'exclusive')), {
    flags: ['--user-centric-rate'],
    summary:
      'Requests each second over all users, each of whom has a turn every users / rate seconds. Needs --num-users; goes before --request-rate.',
    valueName: 'per second',
    defaultText: 'none',
  }),
  userCount: option(z.exactOptional(integerFrom(1)), {
    flags: ['--num-users'],
    summary: 'Users at a time. Only with --user-centric-rate.',
    valueName: 'count',
    defaultText: 'none',
  }),
  cancellationRatePercent: option(z.exactOptional(percent), {
    flags: ['--request-cancellation-rate'],
    summary: 'Share of the requests that are cancelled by the client, in percent.',
    valueName: 'percent',
    defaultText: 'none',
  }),
  cancellationDelaySec: option(z.exactOptional(durationSec({ allowsZero: true, allowsInfinity: false })), {
    flags: ['--request-cancellation-delay'],
    summary:
      'Time from the moment a request is completely sent to its cancellation. Only with --request-cancellation-rate.',
    valueName: 'seconds',
    defaultText: '0 seconds',
  }),
});
