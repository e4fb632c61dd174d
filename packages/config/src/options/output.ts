import * as z from 'zod/mini';
import type { ExportFormat, OutputConfig } from '../user-config.ts';
import { converted, durationSec, type GroupSchema, oneOf, option, text } from './option.ts';

/** Endings that a prefix may be given with, as the files it names have them; the longer first. */
const KNOWN_ENDING =
  /(_(raw|timeslices|console|chunks|server_metrics|gpu_telemetry|network_latency|accuracy))?\.(jsonl|json|csv|txt|arrow|parquet)$/iu;

const EXPECTED_PREFIX = 'a file name without a directory, such as my_run';

function parsePrefix(input: unknown): string | undefined {
  if (typeof input !== 'string') return undefined;
  const name = input.trim().replace(KNOWN_ENDING, '');
  const isName = name !== '' && !/^\.+$/u.test(name) && !/[/\\\p{Cc}]/u.test(name) && Buffer.byteLength(name) <= 200;
  return isName ? name : undefined;
}

/** What is written and where. */
export const outputSchema: GroupSchema<OutputConfig> = z.object({
  artifactDirectory: option(z.exactOptional(text('a path')), {
    flags: ['--output-artifact-dir', '--artifact-dir'],
    summary: 'Directory of the result files.',
    valueName: 'path',
    defaultText: 'artifacts/<model>-<kind>-<endpoint>-<stimulus>',
  }),
  exportLevel: option(z._default(oneOf(['summary', 'records', 'raw']), 'records'), {
    flags: ['--export-level', '--profile-export-level'],
    summary: 'records writes a JSON line for each request beside the summaries; raw its request and response as well.',
  }),
  exportPrefix: option(z.exactOptional(converted(EXPECTED_PREFIX, parsePrefix)), {
    flags: ['--profile-export-prefix', '--profile-export-file'],
    summary: 'Name that the result files begin with; a known ending such as .json is taken off.',
    valueName: 'name',
    defaultText: 'the usual names, such as profile_export_aiperf.json',
  }),
  exportFormats: option(
    z.pipe(
      z._default(z.array(oneOf(['arrow', 'parquet'])), ['arrow']),
      z.transform((formats: ExportFormat[]): readonly ExportFormat[] => [
        ...new Set<ExportFormat>(['arrow', ...formats]),
      ]),
    ),
    {
      flags: ['--export-format'],
      summary: 'Columnar files of the records: arrow, which is always written, or arrow,parquet.',
      valueName: 'format',
      defaultText: 'arrow',
      takesManyWords: true,
      splitsAtCommas: true,
    },
  ),
  sliceDurationSec: option(z.exactOptional(durationSec({ allowsZero: false, allowsInfinity: false })), {
    flags: ['--slice-duration'],
    summary: 'Length of the time slices for which metrics are written as well.',
    valueName: 'seconds',
    defaultText: 'no time slices',
  }),
  exportOutputs: option(z._default(z.boolean('no value, or true or false'), false), {
    flags: ['--export-outputs-json'],
    summary: 'Write the generated texts to outputs.json.',
  }),
  exportHttpTrace: option(z._default(z.boolean('no value, or true or false'), false), {
    flags: ['--export-http-trace'],
    summary: 'Write the phases of each HTTP request into the JSON lines.',
  }),
  showTraceTiming: option(z._default(z.boolean('no value, or true or false'), false), {
    flags: ['--show-trace-timing'],
    summary: 'Print a table of the phases of HTTP requests.',
  }),
});
