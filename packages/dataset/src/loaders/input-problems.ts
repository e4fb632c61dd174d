import { DatasetError } from '../dataset-error.ts';

/** Problems that are shown one by one; a file in the wrong format has one a line. */
const SHOWN_PROBLEMS = 20;
/** Characters of a value that a message repeats. */
const SHOWN_VALUE_CHARS = 60;

/** Collects what is wrong with an input file, so that it is all said at once. */
export class InputProblems {
  readonly #path: string;
  readonly #shown: { readonly lineNumber: number; readonly text: string }[] = [];
  readonly #lines = new Set<number>();
  #count = 0;

  constructor(path: string) {
    this.#path = path;
  }

  get count(): number {
    return this.#count;
  }

  /** `what` names the field, what was expected and what was found. Lines are counted from 1; 0: the file as a whole. */
  add(lineNumber: number, what: string): void {
    this.#count += 1;
    this.#lines.add(lineNumber);
    if (this.#shown.length >= SHOWN_PROBLEMS) return;
    const text = lineNumber === 0 ? `${this.#path}: ${what}` : `${this.#path}:${lineNumber}: ${what}`;
    this.#shown.push({ lineNumber, text });
  }

  /** True when something is wrong with that line: what is missing there may only be what could not be read. */
  hasLine(lineNumber: number): boolean {
    return this.#lines.has(lineNumber);
  }

  /** Throws when anything was collected. */
  throwIfAny(): void {
    if (this.#count === 0) return;
    const hidden = this.#count - this.#shown.length;
    const texts = this.#shown.toSorted((a, b) => a.lineNumber - b.lineNumber).map(({ text }) => text);
    const lines = hidden === 0 ? texts : [...texts, `and ${hidden} more`];
    const [first = ''] = lines;
    const text = lines.length === 1 ? first : `${this.#count} problems in the input file\n  ${lines.join('\n  ')}`;
    throw new DatasetError('AIPERF_DATASET_INPUT_FILE', text);
  }
}

/** A value as a message shows it: JSON, cut when long. */
export function showValue(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value);
  return text.length <= SHOWN_VALUE_CHARS ? text : `${text.slice(0, SHOWN_VALUE_CHARS)}…`;
}
