import * as z from 'zod/mini';
import type { OutputConfig } from '../user-config.ts';
import { type GroupSchema, oneOf, option, text } from './option.ts';

/** What is written and where. */
export const outputSchema: GroupSchema<OutputConfig> = z.object({
  artifactDirectory: option(z.exactOptional(text('a path')), {
    flags: ['--output-artifact-dir', '--artifact-dir'],
    summary: 'Directory of the result files.',
    valueName: 'path',
    defaultText: 'artifacts/<model>-<kind>-<endpoint>-<stimulus>',
  }),
  exportLevel: option(z._default(oneOf(['summary', 'records']), 'records'), {
    flags: ['--export-level', '--profile-export-level'],
    summary: 'records writes profile_export.jsonl beside the summaries.',
  }),
});
