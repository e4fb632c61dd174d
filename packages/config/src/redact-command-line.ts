import { redactWord, splitCommand } from './parse-words.ts';
import { parseDecimal } from './units.ts';
import { REDACTED } from './secret.ts';

/** AIPerf's quoting: text in single quotes. A quote within is closed, escaped and opened again, so that a shell reads it back. */
function quote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * The command as it was typed, for result files: numbers bare, text quoted, `--flag=value` as two words, and nothing secret: keys, values of
 * credential headers and fields, and the user info of URLs are replaced. `argv` holds the words after `aiperf profile`.
 */
export function redactCommandLine(argv: readonly string[]): string {
  const shown = ['aiperf', 'profile'];
  for (const part of splitCommand(argv)) {
    switch (part.kind) {
      case 'option': {
        const { definition } = part;
        const isNumeric = definition.kind === 'number' || definition.valueName === 'seconds';
        shown.push(part.flag);
        for (const word of part.words) {
          const isBare = definition.kind === 'boolean' || (isNumeric && parseDecimal(word) !== undefined);
          shown.push(isBare ? word : quote(redactWord(definition, word)));
        }
        break;
      }
      case 'unknown':
        shown.push(part.flag, ...part.words.map(() => quote(REDACTED)));
        break;
      case 'stray':
        // It may be the rest of a header that was not quoted.
        shown.push(quote(part.follows?.sensitivity === undefined ? part.word : REDACTED));
        break;
    }
  }
  return shown.join(' ');
}
