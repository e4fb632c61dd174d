import * as z from 'zod/mini';
import { type ConfigProblem, createProblem, quoteFound } from './config-problem.ts';
import { crossOptionProblems } from './cross-option-rules.ts';
import { nearestName } from './nearest-name.ts';
import { groupSchemas, type UserOptions } from './options/groups.ts';
import { optionAt, type OptionDefinition } from './options/option-table.ts';
import { type GivenOption, parseWords, redactWord } from './parse-words.ts';
import { resolveConfig } from './resolve-config.ts';
import type { UserConfig } from './user-config.ts';

/** What the command line cannot know. */
export interface ParseContext {
  /** Standard output is a terminal. */
  readonly isTty: boolean;
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

const userOptionsSchema = z.object(groupSchemas);

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

function valueProblem(option: GivenOption, expected: string, index: unknown): ConfigProblem {
  const { definition, words, typedFlags } = option;
  const [word = ''] = words;
  const nearest = definition.kind === 'enum' ? nearestName(word, definition.choices) : undefined;
  const isSweep = /^\s*[\d.]+[a-z]*(\s*,\s*[\d.]+[a-z]*)+\s*$/i.test(word) && definition.kind !== 'list';
  return createProblem({
    kind: 'invalid_value',
    options: typedFlags.slice(0, 1),
    expected,
    found: foundText(definition, words, index),
    ...(nearest === undefined ? {} : { nearest }),
    ...(isSweep && definition.sensitivity === undefined
      ? { remark: 'and a list of values to sweep over is not supported by this version' }
      : {}),
  });
}

function* issueProblems(
  issues: readonly z.core.$ZodIssue[],
  given: ReadonlyMap<string, GivenOption>,
): Generator<ConfigProblem> {
  const seen = new Set<string>();
  for (const { path, message } of issues) {
    // Several checks of one value give the same sentence.
    const place = path.join('.');
    if (seen.has(place)) continue;
    seen.add(place);
    const definition = optionAt(path.slice(0, 2).join('.'));
    const option = given.get(definition.path);
    if (option === undefined) yield missingProblem(definition, message);
    else if (option.value !== undefined) yield valueProblem(option, message, path[2]);
  }
}

function toInput(given: ReadonlyMap<string, GivenOption>): Record<string, Record<string, unknown>> {
  const input: Record<string, Record<string, unknown>> = {};
  for (const group of Object.keys(groupSchemas)) input[group] = {};
  for (const { definition, value } of given.values()) {
    const fields = input[definition.group];
    if (fields !== undefined && value !== undefined) fields[definition.key] = value;
  }
  return input;
}

/** Reads the words after `aiperf profile`. Every problem is found in one go; nothing is thrown. */
export function parseProfileArguments(argv: readonly string[], context: ParseContext): ParseResult {
  const { given, problems: wordProblems } = parseWords(argv);
  // Compiling the schema costs more than it saves for one parse.
  const parsed = z.safeParse(userOptionsSchema, toInput(given), { jitless: true });
  const problems = [
    ...wordProblems,
    ...(parsed.success ? [] : issueProblems(parsed.error.issues, given)),
    ...crossOptionProblems(given),
  ];
  if (!parsed.success || problems.length > 0) return { ok: false, problems };
  const options: UserOptions = parsed.data;
  return { ok: true, config: resolveConfig(options, context.isTty), given: new Set(given.keys()) };
}

/** True when the words ask for help instead of a run. */
export function wantsHelp(argv: readonly string[]): boolean {
  return argv.includes('--help') || argv.includes('-h');
}
