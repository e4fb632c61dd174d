import * as z from 'zod/mini';
import { type GroupSchema, integerFrom, option } from './option.ts';

/** The group as it is given; whether the input file holds times is a fact that it lacks. */
export interface FixedScheduleOptions {
  /** Absent: if the input file's first record has a timestamp. */
  readonly enabled?: boolean;
  readonly autoOffset?: boolean;
  readonly startOffsetMs?: number;
  readonly endOffsetMs?: number;
}

/** Replay of recorded times. */
export const fixedScheduleSchema: GroupSchema<FixedScheduleOptions> = z.object({
  enabled: option(z.exactOptional(z.boolean('no value, or true or false')), {
    flags: ['--fixed-schedule'],
    negation: '--no-fixed-schedule',
    summary: 'Send each request of --input-file at its recorded time.',
    defaultText: 'on when the first record has a timestamp',
  }),
  autoOffset: option(z.exactOptional(z.boolean('no value, or true or false')), {
    flags: ['--fixed-schedule-auto-offset'],
    negation: '--no-fixed-schedule-auto-offset',
    summary: 'Shift the recorded times so that the first one is 0.',
    defaultText: 'on without a start offset',
  }),
  startOffsetMs: option(z.exactOptional(integerFrom(0)), {
    flags: ['--fixed-schedule-start-offset'],
    summary: 'Leave out records that are earlier than this; it becomes time 0.',
    valueName: 'milliseconds',
    defaultText: 'none',
  }),
  endOffsetMs: option(z.exactOptional(integerFrom(0)), {
    flags: ['--fixed-schedule-end-offset'],
    summary: 'Leave out records that are later than this.',
    valueName: 'milliseconds',
    defaultText: 'none',
  }),
});
