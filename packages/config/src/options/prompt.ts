import * as z from 'zod/mini';
import type { PromptConfig } from '../user-config.ts';
import { type GroupSchema, integerFrom, numberFrom, option } from './option.ts';

/** Lengths of synthetic prompts and of the answers asked for. */
export const promptSchema: GroupSchema<PromptConfig> = z.object({
  inputTokensMean: option(z._default(integerFrom(1), 550), {
    flags: ['--prompt-input-tokens-mean', '--synthetic-input-tokens-mean', '--isl'],
    summary: 'Mean length of a prompt.',
    valueName: 'tokens',
  }),
  inputTokensStddev: option(z._default(numberFrom(0, 'inclusive'), 0), {
    flags: ['--prompt-input-tokens-stddev', '--synthetic-input-tokens-stddev', '--isl-stddev'],
    summary: "Standard deviation of the prompts' length.",
    valueName: 'tokens',
  }),
  outputTokensMean: option(z.exactOptional(integerFrom(1)), {
    flags: ['--prompt-output-tokens-mean', '--output-tokens-mean', '--osl'],
    summary:
      'Mean length of the answer asked for. Without ignore_eos or min_tokens in --extra-inputs it may be shorter.',
    valueName: 'tokens',
    defaultText: 'left to the server',
  }),
  outputTokensStddev: option(z._default(numberFrom(0, 'inclusive'), 0), {
    flags: ['--prompt-output-tokens-stddev', '--output-tokens-stddev', '--osl-stddev'],
    summary: "Standard deviation of the answers' length; only with --osl.",
    valueName: 'tokens',
    needs: 'prompt.outputTokensMean',
  }),
});
