import * as z from 'zod/mini';
import type { TokenizerConfig } from '../user-config.ts';
import { type GroupSchema, option, text } from './option.ts';

/** How prompts are measured and answers counted. */
export const tokenizerSchema: GroupSchema<TokenizerConfig> = z.object({
  name: option(z.exactOptional(text('builtin, a folder or a tokenizer.json')), {
    flags: ['--tokenizer'],
    summary: 'builtin, or a local Hugging Face folder or tokenizer.json.',
    valueName: 'name',
    defaultText: 'found by model name, else builtin',
  }),
});
