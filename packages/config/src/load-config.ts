import { existsSync } from 'node:fs';
import type { ConfigProblem } from './config-problem.ts';
import { flagOf, type Given } from './option-names.ts';
import { parseProfileArguments, type ParseResult } from './parse-profile-arguments.ts';
import { type GivenOption, parseWords } from './parse-words.ts';

/** What the configuration depends on beside the words and the file. */
export interface LoadContext {
  /** Standard output is a terminal. */
  readonly isTty: boolean;
  /** Whether the first record of an input file has a timestamp. Its error says what is wrong with the file. */
  readonly hasTimestamps?: (path: string) => Promise<boolean>;
}

function textOf(given: Given, path: string): string | undefined {
  const value = given.get(path)?.value;
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

/** The configuration of a run: defaults, then the file of `--config`, then what was typed. Every problem is found in one go. */
export async function loadProfileConfig(argv: readonly string[], context: LoadContext): Promise<ParseResult> {
  const { given } = parseWords(argv);
  const path = textOf(given, 'input.configFile');
  // Only a run with a file pays for the YAML parser.
  const reader = path === undefined ? undefined : await import('./read-config-file.ts');
  const file = path === undefined ? undefined : await reader?.readConfigFile(path, flagOf(given, 'input.configFile'));
  const input = given.get('input.inputFile') ?? file?.given.get('input.inputFile');
  const times = input === undefined ? {} : await tellTimes(input, context);
  const problems = [...(file?.problems ?? []), ...(times.problem === undefined ? [] : [times.problem])];
  return parseProfileArguments(argv, {
    isTty: context.isTty,
    ...(file === undefined && problems.length === 0 ? {} : { file: { given: new Map(), ...file, problems } }),
    ...(times.hasTimestamps === undefined ? {} : { hasTimestamps: times.hasTimestamps }),
  });
}

async function tellTimes(
  { words: [path = ''], typedFlags: [label = ''] }: GivenOption,
  { hasTimestamps }: LoadContext,
): Promise<{ readonly hasTimestamps?: boolean; readonly problem?: ConfigProblem }> {
  // A missing file is a problem that the rules find.
  if (hasTimestamps === undefined || !existsSync(path)) return {};
  try {
    return { hasTimestamps: await hasTimestamps(path) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const text = message.startsWith(`${label}:`) ? message : `${label}: ${message}`;
    return { problem: { kind: 'invalid_value', options: [label], message: text } };
  }
}
