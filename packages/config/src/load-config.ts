import { flagOf, type Given } from './option-names.ts';
import { parseProfileArguments, type ParseResult } from './parse-profile-arguments.ts';
import { parseWords } from './parse-words.ts';

/** What the configuration depends on beside the words and the file. */
export interface LoadContext {
  /** Standard output is a terminal. */
  readonly isTty: boolean;
  /** Whether the first record of an input file has a timestamp; it may fail, and the file is then reported by whoever loads it. */
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
  const inputFile = textOf(given, 'input.inputFile') ?? textOf(file?.given ?? new Map(), 'input.inputFile');
  const hasTimestamps = inputFile === undefined ? undefined : await tellTimestamps(inputFile, context);
  return parseProfileArguments(argv, {
    isTty: context.isTty,
    ...(file === undefined ? {} : { file }),
    ...(hasTimestamps === undefined ? {} : { hasTimestamps }),
  });
}

async function tellTimestamps(path: string, { hasTimestamps }: LoadContext): Promise<boolean | undefined> {
  try {
    return await hasTimestamps?.(path);
  } catch {
    // A file that is missing is a problem of the option; one that is malformed is reported with its line when it is loaded.
    return undefined;
  }
}
