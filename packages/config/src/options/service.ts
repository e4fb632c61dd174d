import * as z from 'zod/mini';
import type { ServiceConfig } from '../user-config.ts';
import { durationMs, type GroupSchema, integerFrom, oneOf, option, text } from './option.ts';

/** The group as it is given; the terminal and the verbosity switches then settle user interface and log level. */
export type ServiceOptions = Omit<ServiceConfig, 'ui'> & {
  readonly ui?: ServiceConfig['ui'];
  readonly verbose: boolean;
  readonly extraVerbose: boolean;
};

/** Processes, logs and the terminal. */
export const serviceSchema: GroupSchema<ServiceOptions> = z.object({
  ui: option(z.exactOptional(oneOf(['simple', 'none'])), {
    flags: ['--ui-type', '--ui'],
    summary: 'Progress lines on the terminal, or nothing until the results.',
    defaultText: 'simple on a terminal, else none',
  }),
  logLevel: option(
    z._default(oneOf(['trace', 'debug', 'info', 'notice', 'warning', 'success', 'error', 'critical']), 'info'),
    {
      flags: ['--log-level'],
      summary: 'Least severe messages that are logged.',
      valueName: 'level',
    },
  ),
  verbose: option(z._default(z.boolean('no value, or true or false'), false), {
    flags: ['--verbose', '-v'],
    summary: 'Log level debug and the simple user interface.',
  }),
  extraVerbose: option(z._default(z.boolean('no value, or true or false'), false), {
    flags: ['--extra-verbose', '-vv'],
    summary: 'Log level trace and the simple user interface.',
  }),
  workersMax: option(z.exactOptional(integerFrom(1)), {
    flags: ['--workers-max', '--max-workers'],
    summary: 'Worker processes at most; never more than --concurrency.',
    valueName: 'count',
    defaultText: 'three quarters of the CPUs less one, 32 at most',
  }),
  workersMin: option(z.exactOptional(integerFrom(1)), {
    flags: ['--workers-min', '--min-workers'],
    summary: 'Worker processes at least.',
    valueName: 'count',
    defaultText: '1',
  }),
  recordProcessors: option(z.exactOptional(integerFrom(1)), {
    flags: ['--record-processor-service-count', '--record-processors'],
    summary: 'Record processor processes.',
    valueName: 'count',
    defaultText: 'one per four workers',
  }),
  hostTuning: option(z._default(oneOf(['off', 'auto']), 'off'), {
    flags: ['--host-tuning'],
    summary:
      'What a run may change on its host. off: nothing outside its own processes. auto: with due times, workers take the real-time class or the most favourable nice value; cores are kept from sleeping; cores are shared between sessions so that analysis gives way. Needs root or CAP_SYS_NICE. Requests leave and are stamped sooner; other programs of the host, a server on it as well, get less or wake up sooner, and cores use more power.',
  }),
  dryRun: option(z._default(z.boolean('no value, or true or false'), false), {
    flags: ['--dry-run'],
    summary: 'Print the schedule and a forecast of the run, and send nothing.',
  }),
  dryRunSchedule: option(z.exactOptional(text('a path')), {
    flags: ['--dry-run-schedule'],
    summary: 'With --dry-run: CSV file for the whole schedule, one line a request. It must not exist yet.',
    valueName: 'path',
    defaultText: 'none; the first and last requests are printed',
  }),
  dryRunTtftMs: option(z.exactOptional(durationMs()), {
    flags: ['--dry-run-ttft'],
    summary: 'With --dry-run: time to the first token that is assumed of the server.',
    valueName: 'milliseconds',
    defaultText: '200',
  }),
  dryRunItlMs: option(z.exactOptional(durationMs()), {
    flags: ['--dry-run-itl'],
    summary: 'With --dry-run: time between two tokens that is assumed of the server.',
    valueName: 'milliseconds',
    defaultText: '10',
  }),
});
