import type { Difference } from './checks.ts';

/** One line of the list. */
export interface KnownDifference {
  /** Empty: every scenario. */
  readonly scenarios: readonly string[];
  readonly id: string;
  readonly reason: string;
  readonly line: number;
}

/** What is left of a scenario's differences once the list is applied. */
export interface Verdict {
  readonly known: readonly Difference[];
  /** In the files, but not in the list. */
  readonly unlisted: readonly Difference[];
  /** In the list, but no longer in the files: the line must go. */
  readonly stale: readonly KnownDifference[];
}

/**
 * Parses the list: `SCENARIOS | ID | REASON` a line, `#` begins a comment. SCENARIOS is `*` or names separated by commas. Braces in an id
 * stand for one id each (`{json,csv}/missing/x`), and every one of them must occur; they save lines and allow nothing more.
 */
export function parseKnownDifferences(text: string, scenarioNames: readonly string[]): KnownDifference[] {
  return text.split('\n').flatMap((lineText, index) => {
    if (lineText.trim() === '' || lineText.startsWith('#')) return [];
    const line = index + 1;
    const [names = '', pattern = '', ...rest] = lineText.split(' | ').map((part) => part.trim());
    const reason = rest.join(' | ');
    const scenarios = names === '*' ? [] : names.split(',').map((name) => name.trim());
    const unknown = scenarios.find((name) => !scenarioNames.includes(name));
    if (pattern === '' || reason === '' || unknown !== undefined) {
      throw new Error(
        `known differences, line ${line}: expected SCENARIOS | ID | REASON${unknown === undefined ? '' : `; there is no scenario ${unknown}`}`,
      );
    }
    return expandBraces(pattern).map((id) => ({ scenarios, id, reason, line }));
  });
}

/** Applies the list to what one scenario found. */
export function applyKnownDifferences(
  scenario: string,
  differences: readonly Difference[],
  known: readonly KnownDifference[],
): Verdict {
  const listed = known.filter(({ scenarios }) => scenarios.length === 0 || scenarios.includes(scenario));
  const listedIds = new Set(listed.map(({ id }) => id));
  const foundIds = new Set(differences.map(({ id }) => id));
  return {
    known: differences.filter(({ id }) => listedIds.has(id)),
    unlisted: differences.filter(({ id }) => !listedIds.has(id)),
    stale: listed.filter(({ id }) => !foundIds.has(id)),
  };
}

/** `a{b,c}d` becomes `abd`, `acd`. */
function expandBraces(pattern: string): string[] {
  const match = /^(.*?)\{([^{}]*)\}(.*)$/.exec(pattern);
  if (match === null) return [pattern];
  const [, before = '', choices = '', after = ''] = match;
  return choices.split(',').flatMap((choice) => expandBraces(`${before}${choice}${after}`));
}
