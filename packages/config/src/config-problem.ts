/** Kinds of problem that a command line can have. */
export type ProblemKind =
  | 'unknown_option'
  | 'unexpected_word'
  | 'missing_option'
  | 'missing_value'
  | 'repeated_option'
  | 'invalid_value'
  | 'conflict';

/** One thing that is wrong with a configuration. No field ever holds a secret. */
export interface ConfigProblem {
  readonly kind: ProblemKind;
  /** Options concerned, as typed; the documented names where they were not. */
  readonly options: readonly string[];
  /** What would have been right. */
  readonly expected?: string;
  /** What was there. */
  readonly found?: string;
  /** Nearest valid option or value. */
  readonly nearest?: string;
  /** All of the above as one or two sentences. */
  readonly message: string;
}

/** A word in quotes with control characters escaped, cut where it is longer than a line. */
export function quoteFound(word: string): string {
  return JSON.stringify(word.length > 80 ? `${word.slice(0, 80)}…` : word);
}

/** What a problem is put together from. */
type ProblemParts = Pick<ConfigProblem, 'kind' | 'options'> & {
  readonly [Part in 'expected' | 'found' | 'remark' | 'nearest']?: string | undefined;
};

function hint(nearest: string | undefined): string {
  return nearest === undefined ? '' : ` Did you mean ${nearest}?`;
}

/** Makes a problem whose message is put together from its parts. */
export function createProblem({ kind, options, expected, found, remark, nearest }: ProblemParts): ConfigProblem {
  const clauses = [
    ...(expected === undefined ? [] : [`expected ${expected}`]),
    ...(found === undefined ? [] : [`found ${found}`]),
    ...(remark === undefined ? [] : [remark]),
  ];
  const subject = options.join(' and ');
  return {
    kind,
    options,
    ...(expected === undefined ? {} : { expected }),
    ...(found === undefined ? {} : { found }),
    ...(nearest === undefined ? {} : { nearest }),
    message: `${subject}${subject === '' ? '' : ': '}${clauses.join(', ')}.${hint(nearest)}`,
  };
}

/** Options that are right by themselves and not together. */
export function conflict(options: readonly string[], expected: string, found?: string, remark?: string): ConfigProblem {
  return createProblem({ kind: 'conflict', options, expected, found, remark });
}

/** An option that asks for another one, which is not there. */
export function missingBeside(
  option: string,
  needed: string,
  remark: string = 'without which it has no effect',
): ConfigProblem {
  return conflict([option], `${needed} beside it`, `no ${needed}`, remark);
}

/** A value that is wrong by itself. */
export function invalidValue(option: string, expected: string, found: string, nearest?: string): ConfigProblem {
  return createProblem({ kind: 'invalid_value', options: [option], expected, found, nearest });
}

/** One thing said several times. */
export function repeated(what: 'option' | 'field', options: readonly string[]): ConfigProblem {
  const message = `${options.join(' and ')}: the same ${what} given ${options.length} times; give it once.`;
  return { kind: 'repeated_option', options, message };
}

/** A name that nothing has. `reason` is a sentence; a remark stands in place of the guess. */
export function unknownName(
  option: string,
  reason: string,
  nearest: string | undefined,
  remark?: string,
): ConfigProblem {
  const message = `${option}: ${reason}${remark === undefined ? hint(nearest) : ` ${remark}`}`;
  return { kind: 'unknown_option', options: [option], ...(nearest === undefined ? {} : { nearest }), message };
}
