import * as z from 'zod/mini';
import { Secret } from '../secret.ts';
import type { EndpointConfig, InputConfig } from '../user-config.ts';
import { converted, type GroupSchema, integerFrom, oneOf, option, text } from './option.ts';
import { parseJsonObject, parseScalar, splitPair } from './pairs.ts';

type Headers = EndpointConfig['headers'];
type Fields = readonly (readonly [name: string, value: unknown])[];

/** The group as it is given: the number of entries still depends on the load, and headers belong to the endpoint. */
export type InputOptions = Omit<InputConfig, 'datasetEntries' | 'extraInputs'> & {
  readonly datasetEntries?: number;
  readonly extraInputs: Fields;
  readonly headers: Headers;
  /** Already read and merged when the options are validated. */
  readonly configFile?: string;
};

/** Headers that frame the message, where a wrong one would break every request, and those that tell requests and sessions apart. */
const OWN_HEADERS: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'connection',
  'x-request-id',
  'x-correlation-id',
  'x-session-affinity',
]);

function toHeader(name: string, value: unknown): Headers[number] | undefined {
  const isText = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
  // RFC 9110: a token as name; visible ASCII, blanks and obs-text as value.
  if (!isText || !/^[!#$%&'*+.^_`|~0-9a-z-]+$/i.test(name) || !/^[\t\x20-\x7e\x80-\xff]*$/.test(String(value)))
    return undefined;
  return OWN_HEADERS.has(name.toLowerCase()) ? undefined : [name, new Secret(String(value).trim())];
}

function parseHeaderWord(input: unknown): Headers | undefined {
  if (typeof input !== 'string') return undefined;
  const pair = splitPair(input);
  const pairs = input.trimStart().startsWith('{') ? parseJsonObject(input) : pair && [pair];
  const headers = pairs?.map(([name, value]) => toHeader(name, value));
  return headers?.every((header) => header !== undefined) ? headers : undefined;
}

function parseExtraWord(input: unknown): Fields | undefined {
  if (typeof input !== 'string') return undefined;
  if (input.trimStart().startsWith('{')) return parseJsonObject(input);
  const pair = splitPair(input);
  return pair && [[pair[0], parseScalar(pair[1])]];
}

/** What is sent: synthetic conversations and what is added to each request. */
export const inputSchema: GroupSchema<InputOptions> = z.object({
  extraInputs: option(
    z._default(
      z.pipe(
        z.array(converted('name:value or one JSON object', parseExtraWord)),
        z.transform((lists: Fields[]): Fields => lists.flat()),
      ),
      [],
    ),
    {
      flags: ['--extra-inputs'],
      summary:
        'Fields merged over each request body, as name:value words (values read as JSON where they are) or a JSON object.',
      valueName: 'name:value',
      defaultText: 'none',
      takesManyWords: true,
      sensitivity: 'pairs',
    },
  ),
  headers: option(
    z._default(
      z.pipe(
        z.array(
          converted(
            'Name:value in printable characters, or a JSON object of them, and no header that frames the message or names the request',
            parseHeaderWord,
          ),
        ),
        z.transform((lists: Headers[]): Headers => lists.flat()),
      ),
      [],
    ),
    {
      flags: ['--header', '-H'],
      summary: 'Headers added to each request, as Name:value words or a JSON object.',
      valueName: 'Name:value',
      defaultText: 'none',
      takesManyWords: true,
      sensitivity: 'pairs',
    },
  ),
  configFile: option(z.exactOptional(text('a path')), {
    flags: ['--config', '-f'],
    summary:
      'YAML file with a section for each group of this page (conversations, fixed_schedule, …), whose keys are the options with _ for -, and a list of phases. Options given here go before the file.',
    valueName: 'path',
    defaultText: 'none',
  }),
  inputFile: option(z.exactOptional(text('a path')), {
    flags: ['--input-file'],
    summary: 'File of recorded conversations that are sent in place of synthetic ones.',
    valueName: 'path',
    defaultText: 'none',
  }),
  customDatasetType: option(z.exactOptional(oneOf(['mooncake_trace'])), {
    flags: ['--custom-dataset-type'],
    summary: 'Format of --input-file.',
    defaultText: 'told from its first record',
    needs: 'input.inputFile',
  }),
  datasetEntries: option(z.exactOptional(integerFrom(1)), {
    flags: ['--num-dataset-entries', '--num-prompts'],
    summary: 'Number of distinct conversations generated.',
    valueName: 'count',
    defaultText: 'the request count, 10,000 at most; 100 without one',
  }),
  datasetSampling: option(z._default(oneOf(['sequential', 'random', 'shuffle']), 'sequential'), {
    flags: ['--dataset-sampling-strategy'],
    summary: 'How conversations are picked: in order, at random with replacement, or in passes of random order.',
  }),
  randomSeed: option(z.exactOptional(integerFrom(0)), {
    flags: ['--random-seed'],
    summary: 'Root seed of everything random. The same seed gives the same prompts and arrival times.',
    valueName: 'seed',
    defaultText: 'a new one each run',
  }),
});
