import { type ConfigProblem, createProblem, quoteFound, repeated, unknownName } from './config-problem.ts';
import { redactPairs, redactUrl } from './credentials.ts';
import { nearestName } from '@aiperf/nearest-name';
import { flagMeanings, type OptionDefinition } from './options/option-table.ts';
import { REDACTED } from './secret.ts';
import { parseDecimal } from './units.ts';

/** What the command line says about one option. */
export interface GivenOption {
  readonly definition: OptionDefinition;
  /** Spellings used, in order. */
  readonly typedFlags: string[];
  /** Words of the value as typed; for lists one entry an item. */
  readonly words: string[];
  /** What the schema is given to validate; `undefined` when the value is missing, which is a problem already reported. */
  value: unknown;
}

/** The command line taken apart, values not yet validated. */
export interface ParsedWords {
  readonly given: ReadonlyMap<string, GivenOption>;
  readonly problems: readonly ConfigProblem[];
}

/** One step of a command line: an option with its words, or a word that belongs to none. */
export type CommandPart =
  | {
      readonly kind: 'option';
      readonly flag: string;
      readonly definition: OptionDefinition;
      readonly isNegation: boolean;
      readonly words: readonly string[];
    }
  | { readonly kind: 'unknown'; readonly flag: string; readonly words: readonly string[] }
  | { readonly kind: 'stray'; readonly word: string; readonly follows: OptionDefinition | undefined };

/** A negative number is a value; every other word that begins with `-` is an option. */
function isOptionWord(word: string): boolean {
  return word.startsWith('-') && word !== '-' && parseDecimal(word) === undefined && !/^-inf(inity)?$/i.test(word);
}

/** Number of words after `start` that may be values. */
function countValueWords(argv: readonly string[], start: number): number {
  let end = start;
  while (end < argv.length && !isOptionWord(argv[end] ?? '')) end += 1;
  return end - start;
}

function wordsWanted(definition: OptionDefinition, available: number): number {
  if (definition.kind === 'boolean') return 0;
  return definition.takesManyWords === true ? available : Math.min(available, 1);
}

/** Splits the words after `profile` into options and their values. `_` and `-` are the same in an option's name. */
export function* splitCommand(argv: readonly string[]): Generator<CommandPart> {
  let follows: OptionDefinition | undefined;
  for (let index = 0; index < argv.length;) {
    const word = argv[index] ?? '';
    index += 1;
    if (!isOptionWord(word)) {
      yield { kind: 'stray', word, follows };
      continue;
    }
    const equals = word.indexOf('=');
    // A value glued to a short option (`-HName: value`) is no option either, and may be secret: only the name is kept.
    const typed = /^[^=:\s]*/.exec(word)?.[0] ?? '';
    const flag = typed.startsWith('--') ? `--${typed.slice(2).replaceAll('_', '-')}` : typed;
    const meaning = flagMeanings.get(flag);
    const available = equals === -1 ? countValueWords(argv, index) : 0;
    const taken = meaning === undefined ? available : wordsWanted(meaning.definition, available);
    const words = equals === -1 ? argv.slice(index, index + taken) : [word.slice(equals + 1)];
    index += taken;
    follows = meaning?.definition;
    yield meaning === undefined
      ? { kind: 'unknown', flag: typed, words }
      : { kind: 'option', flag: typed, ...meaning, words };
  }
}

/** A word of an option's value as it may be shown. */
export function redactWord(definition: OptionDefinition | undefined, word: string): string {
  switch (definition?.sensitivity) {
    case 'all':
      return REDACTED;
    case 'pairs':
      return redactPairs(word);
    case 'url':
      return word.split(',').map(redactUrl).join(',');
    case undefined:
      return word;
  }
}

function toBoolean(word: string): unknown {
  if (/^(true|1|yes|on)$/i.test(word)) return true;
  return /^(false|0|no|off)$/i.test(word) ? false : word;
}

function toChoice(definition: OptionDefinition, word: string): string {
  const fold = (text: string): string => text.toLowerCase().replaceAll('-', '_');
  const wanted = fold(word);
  const synonym = Object.entries(definition.synonyms ?? {}).find(([name]) => fold(name) === wanted)?.[1];
  return synonym ?? definition.choices.find((choice) => fold(choice) === wanted) ?? word;
}

/** The plain value that a word spells. What does not fit is left as text, for the schema to refuse. */
export function toValue(definition: OptionDefinition, word: string): unknown {
  switch (definition.kind) {
    case 'boolean':
      return toBoolean(word);
    case 'number':
      return parseDecimal(word) ?? word;
    case 'enum':
      return toChoice(definition, word);
    case 'text':
    case 'list':
      return word;
  }
}

function addOption(given: Map<string, GivenOption>, part: CommandPart & { readonly kind: 'option' }): void {
  const { definition, flag, isNegation } = part;
  const before = given.get(definition.path);
  before?.typedFlags.push(flag);
  if (definition.kind === 'list') {
    const items = definition.splitsAtCommas === true ? part.words.flatMap((word) => word.split(',')) : part.words;
    const words = [...(before?.words ?? []), ...items.map((item) => item.trim())];
    given.set(definition.path, { definition, typedFlags: before?.typedFlags ?? [flag], words, value: words });
    return;
  }
  if (before !== undefined) return;
  const [word] = part.words;
  const value = word === undefined ? true : toValue(definition, word);
  given.set(definition.path, {
    definition,
    typedFlags: [flag],
    words: word === undefined ? [] : [word],
    value: isNegation && typeof value === 'boolean' ? !value : value,
  });
}

/** Reads the words of a command line; says which options are unknown, repeated or without their value. */
export function parseWords(argv: readonly string[]): ParsedWords {
  const given = new Map<string, GivenOption>();
  const problems: ConfigProblem[] = [];
  for (const part of splitCommand(argv)) {
    if (part.kind === 'stray') {
      const found =
        part.follows?.sensitivity === undefined ? quoteFound(part.word) : 'a word after it that is not shown';
      const options = part.follows === undefined ? [] : [part.follows.flags[0]];
      problems.push(createProblem({ kind: 'unexpected_word', options, expected: 'an option here', found }));
    } else if (part.kind === 'unknown') {
      const nearest = nearestName(part.flag, flagMeanings.keys());
      problems.push(unknownName(part.flag, 'there is no such option.', nearest));
    } else if (part.words.length === 0 && part.definition.kind !== 'boolean') {
      const expected = `a value <${part.definition.valueName ?? part.definition.choices.join('|')}> after it`;
      problems.push(createProblem({ kind: 'missing_value', options: [part.flag], expected, found: 'nothing' }));
      const { definition, flag } = part;
      if (!given.has(definition.path)) {
        given.set(definition.path, { definition, typedFlags: [flag], words: [], value: undefined });
      }
    } else {
      addOption(given, part);
    }
  }
  for (const { definition, typedFlags } of given.values()) {
    if (definition.kind !== 'list' && typedFlags.length > 1) problems.push(repeated('option', typedFlags));
  }
  return { given, problems };
}
