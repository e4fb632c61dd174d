import * as z from 'zod/mini';
import { type ConfigProblem, createProblem, quoteFound } from './config-problem.ts';
import { type ConfigFile, filePhases } from './config-file.ts';
import { crossOptionProblems } from './cross-option-rules.ts';
import { nearestName } from '@aiperf/nearest-name';
import { OPTION_GROUPS, type UserOptions } from './options/groups.ts';
import { foundIn, type GroupSchema } from './options/option.ts';
import { optionAt, type OptionDefinition } from './options/option-table.ts';
import { flagOf, type Given } from './option-names.ts';
import { optionPhases } from './option-phases.ts';
import { type GivenOption, parseWords, redactWord } from './parse-words.ts';
import { type PhaseFacts, phaseProblems } from './phase-rules.ts';
import { resolveConfig } from './resolve-config.ts';
import type { UserConfig } from './user-config.ts';

/** What the command line cannot know. */
export interface ParseContext {
  /** Standard output is a terminal. */
  readonly isTty: boolean;
  /** The configuration file that the options go before. */
  readonly file?: ConfigFile;
  /** The first record of the input file has a timestamp. Absent: not known. */
  readonly hasTimestamps?: boolean;
}

/** The configuration that a command line asks for, or everything that is wrong with it. */
export type ParseResult =
  | {
      readonly ok: true;
      readonly config: UserConfig;
      /** Paths of the options given explicitly, such as `load.concurrency`. */
      readonly given: ReadonlySet<string>;
    }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };

const userOptionsSchema = z.object(
  Object.fromEntries(Object.entries(OPTION_GROUPS).map(([name, { schema }]) => [name, schema])),
) as unknown as GroupSchema<UserOptions>;

function foundText(definition: OptionDefinition, words: readonly string[], index: unknown): string {
  const shown = typeof index === 'number' ? words.slice(index, index + 1) : words;
  if (definition.sensitivity === 'all') return 'something else (not shown)';
  return shown.map((word) => quoteFound(redactWord(definition, word))).join(' ');
}

function missingProblem(definition: OptionDefinition, expected: string): ConfigProblem {
  const [name, ...aliases] = definition.flags;
  const also = aliases.length === 0 ? '' : ` (or ${aliases.join(', ')})`;
  return {
    kind: 'missing_option',
    options: [name],
    expected,
    message: `${name}${also}: this option is needed, expected ${expected}.`,
  };
}

function valueProblem(option: GivenOption, issue: z.core.$ZodIssue): ConfigProblem {
  const { definition, words, typedFlags } = option;
  const { message: expected, path } = issue;
  const told = foundIn(issue);
  const [word = ''] = words;
  const nearest = definition.kind === 'enum' ? nearestName(word, definition.choices) : undefined;
  const isSweep = /^\s*[\d.]+[a-z]*(\s*,\s*[\d.]+[a-z]*)+\s*$/i.test(word) && definition.kind !== 'list';
  return createProblem({
    kind: 'invalid_value',
    options: typedFlags.slice(0, 1),
    expected,
    found: told ?? foundText(definition, words, path[2]),
    ...(nearest === undefined ? {} : { nearest }),
    ...(isSweep && told === undefined && definition.sensitivity === undefined
      ? { remark: 'and a list of values to sweep over is not supported by this version' }
      : {}),
  });
}

function* issueProblems(
  issues: readonly z.core.$ZodIssue[],
  given: ReadonlyMap<string, GivenOption>,
): Generator<ConfigProblem> {
  const seen = new Set<string>();
  for (const issue of issues) {
    const { path, message } = issue;
    // Several checks of one value give the same sentence.
    const place = path.join('.');
    if (seen.has(place)) continue;
    seen.add(place);
    const definition = optionAt(path.slice(0, 2).join('.'));
    const option = given.get(definition.path);
    if (option === undefined) yield missingProblem(definition, message);
    else if (option.value !== undefined) yield valueProblem(option, issue);
  }
}

function toInput(given: ReadonlyMap<string, GivenOption>): Record<string, Record<string, unknown>> {
  const input: Record<string, Record<string, unknown>> = {};
  for (const group of Object.keys(OPTION_GROUPS)) input[group] = {};
  for (const { definition, value } of given.values()) {
    const fields = input[definition.group];
    if (fields !== undefined && value !== undefined) fields[definition.key] = value;
  }
  return input;
}

/** Enough for the rules to go on with where the model is missing, which is reported. */
const PLACEHOLDERS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = { endpoint: { modelNames: ['?'] } };

interface Validation {
  /** Valid values, and defaults for the others. */
  readonly options: UserOptions;
  readonly problems: readonly ConfigProblem[];
}

function validate(given: ReadonlyMap<string, GivenOption>): Validation {
  const input = toInput(given);
  // Compiling the schema costs more than it saves for one parse.
  const parsed = z.safeParse(userOptionsSchema, input, { jitless: true });
  if (parsed.success) return { options: parsed.data, problems: [] };
  for (const { path } of parsed.error.issues) {
    const [group, key] = path.map(String);
    const fields = input[group ?? ''];
    if (key === undefined || fields === undefined) continue;
    const placeholder = PLACEHOLDERS[group ?? '']?.[key];
    if (placeholder === undefined) delete fields[key];
    else fields[key] = placeholder;
  }
  const options = z.parse(userOptionsSchema, input, { jitless: true });
  return { options, problems: [...issueProblems(parsed.error.issues, given)] };
}

function phaseFacts(given: Given, options: UserOptions, hasTimestamps: boolean | undefined): PhaseFacts {
  const hasInputFile = given.has('input.inputFile');
  return {
    streaming: options.endpoint.streaming,
    turnsMean: hasInputFile ? undefined : options.conversation.turnsMean,
    turnsLabel: flagOf(given, 'conversation.turnsMean'),
    hasInputFile,
    inputFileLabel: flagOf(given, 'input.inputFile'),
    hasTimestamps: hasInputFile ? hasTimestamps : undefined,
  };
}

/** Without what another phase has already said. */
function distinct(problems: Iterable<ConfigProblem>): ConfigProblem[] {
  return [...new Map([...problems].map((problem) => [problem.message, problem])).values()];
}

/** Reads the words after `aiperf profile`. Every problem is found in one go; nothing is thrown. */
export function parseProfileArguments(argv: readonly string[], context: ParseContext): ParseResult {
  const { file } = context;
  const words = parseWords(argv);
  const given: Given = new Map([...(file?.given ?? []), ...words.given]);
  const { options, problems: valueProblems } = validate(given);
  const facts = phaseFacts(given, options, context.hasTimestamps);
  const phases =
    file?.phases === undefined
      ? optionPhases(options, given, facts.hasTimestamps === true)
      : filePhases(file.phases, options, given, words.given);
  const problems = distinct([
    ...words.problems,
    ...(file?.problems ?? []),
    ...valueProblems,
    ...phases.problems,
    ...phases.inputs.flatMap((phase) => [...phaseProblems(phase, facts)]),
    ...crossOptionProblems(given, options, phases.inputs),
  ]);
  if (problems.length > 0) return { ok: false, problems };
  const phasePaths = phases.inputs.flatMap(({ name, labels }) =>
    [...labels.keys()].map((key) => `phases.${name}.${key}`),
  );
  return {
    ok: true,
    config: resolveConfig(options, phases.inputs, context.isTty),
    given: new Set([...given.keys(), ...(file?.phases === undefined ? [] : phasePaths)]),
  };
}

/** True when the words ask for help instead of a run. */
export function wantsHelp(argv: readonly string[]): boolean {
  return argv.includes('--help') || argv.includes('-h');
}
