import * as z from 'zod/mini';
import type { ConversationConfig } from '../user-config.ts';
import { durationMs, type GroupSchema, integerFrom, numberFrom, option } from './option.ts';

/** Synthetic conversations of several turns. */
export const conversationSchema: GroupSchema<ConversationConfig> = z.object({
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
    summary: 'Standard deviation of that time.',
    valueName: 'milliseconds',
  }),
  turnDelayRatio: option(z._default(numberFrom(0, 'inclusive'), 1), {
    flags: ['--conversation-turn-delay-ratio', '--session-delay-ratio'],
    summary: 'Every time between turns is multiplied by it, recorded ones included.',
    valueName: 'factor',
  }),
});
