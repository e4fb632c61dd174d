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

/** Makes a problem whose message is put together from its parts. */
export function createProblem(problem: Omit<ConfigProblem, 'message'> & { readonly remark?: string }): ConfigProblem {
  const { remark, ...parts } = problem;
  const clauses = [
    ...(parts.expected === undefined ? [] : [`expected ${parts.expected}`]),
    ...(parts.found === undefined ? [] : [`found ${parts.found}`]),
    ...(remark === undefined ? [] : [remark]),
  ];
  const nearest = parts.nearest === undefined ? '' : ` Did you mean ${parts.nearest}?`;
  const subject = parts.options.join(' and ');
  const message = `${subject}${subject === '' ? '' : ': '}${clauses.join(', ')}.${nearest}`;
  return { ...parts, message };
}
