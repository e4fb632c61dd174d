import * as z from 'zod/mini';
import type { ConversationConfig } from '../user-config.ts';
import { durationMs, type GroupSchema, integerFrom, numberFrom, option } from './option.ts';

/** The group as it is given; how many conversations are run is a stop condition of the load. */
export type ConversationOptions = ConversationConfig & { readonly count?: number };

/** Synthetic conversations of several turns. */
export const conversationSchema: GroupSchema<ConversationOptions> = z.object({
  count: option(z.exactOptional(integerFrom(1)), {
    flags: ['--conversation-num', '--num-conversations', '--num-sessions'],
    summary: 'Stop after this many conversations; also how many distinct ones are generated.',
    valueName: 'count',
    defaultText: 'no limit',
  }),
  turnsMean: option(z._default(integerFrom(1), 1), {
    flags: ['--conversation-turn-mean', '--session-turns-mean'],
    summary: 'Mean number of turns of a synthetic conversation.',
    valueName: 'turns',
  }),
  turnsStddev: option(z._default(numberFrom(0, 'inclusive'), 0), {
    flags: ['--conversation-turn-stddev', '--session-turns-stddev'],
    summary: 'Standard deviation of the number of turns.',
    valueName: 'turns',
  }),
  turnDelayMeanMs: option(z._default(durationMs(), 0), {
    flags: ['--conversation-turn-delay-mean', '--session-turn-delay-mean'],
    summary: 'Mean time from the end of a reply to the next turn of its conversation.',
    valueName: 'milliseconds',
  }),
  turnDelayStddevMs: option(z._default(durationMs(), 0), {
    flags: ['--conversation-turn-delay-stddev', '--session-turn-delay-stddev'],
    summary: 'Standard deviation of that time; needs a mean.',
    valueName: 'milliseconds',
  }),
  turnDelayRatio: option(z._default(numberFrom(0, 'inclusive'), 1), {
    flags: ['--conversation-turn-delay-ratio', '--session-delay-ratio'],
    summary: 'Every time between turns is multiplied by it, recorded ones included.',
    valueName: 'factor',
  }),
});
