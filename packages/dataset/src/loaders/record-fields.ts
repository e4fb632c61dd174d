import type { JsonObject } from '../conversation.ts';
import { showValue } from './input-problems.ts';
import type { InputProblems } from './input-problems.ts';
import { isJsonObject } from './json-lines.ts';

/** Reads the fields of one record; what is not as expected becomes a problem, and `undefined`. A field that is `null` is absent. */
export class RecordFields {
  readonly #record: JsonObject;
  readonly #lineNumber: number;
  readonly #problems: InputProblems;

  constructor(record: JsonObject, lineNumber: number, problems: InputProblems) {
    this.#record = record;
    this.#lineNumber = lineNumber;
    this.#problems = problems;
  }

  has(name: string): boolean {
    return (this.#record[name] ?? undefined) !== undefined;
  }

  complain(what: string): void {
    this.#problems.add(this.#lineNumber, what);
  }

  /** Numbers may be written as strings of digits. */
  integer(name: string, min: number): number | undefined {
    return this.#read(name, `an integer of at least ${min}`, (value) => toInteger(value, min));
  }

  milliseconds(name: string): number | undefined {
    return this.#read(name, 'a number of milliseconds of at least 0', (value) => {
      const number = toNumber(value);
      return number !== undefined && number >= 0 ? number : undefined;
    });
  }

  integers(name: string): readonly number[] | undefined {
    return this.#read(name, 'a list of integers within ±2^53', (value) =>
      toList(value, (entry) => toInteger(entry, Number.MIN_SAFE_INTEGER)),
    );
  }

  string(name: string): string | undefined {
    return this.#read(name, 'a string', (value) => (typeof value === 'string' ? value : undefined));
  }

  object(name: string): JsonObject | undefined {
    return this.#read(name, 'a JSON object', (value) => (isJsonObject(value) ? value : undefined));
  }

  /** At least one object; with `neededKey` in each. */
  objects(name: string, neededKey?: string): readonly JsonObject[] | undefined {
    const expected = `a list of at least one JSON object${neededKey === undefined ? '' : ` with ${neededKey}`}`;
    return this.#read(name, expected, (value) => {
      const list = toList(value, (entry) =>
        isJsonObject(entry) && (neededKey === undefined || neededKey in entry) ? entry : undefined,
      );
      return list?.length === 0 ? undefined : list;
    });
  }

  #read<T>(name: string, expected: string, convert: (value: unknown) => T | undefined): T | undefined {
    const value = this.#record[name] ?? undefined;
    if (value === undefined) return undefined;
    const converted = convert(value);
    if (converted === undefined) this.complain(`${name}: expected ${expected}, found ${showValue(value)}`);
    return converted;
  }
}

function toNumber(value: unknown): number | undefined {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && /^\s*-?\d+(\.\d+)?\s*$/.test(value) ? Number(value) : undefined;
}

function toInteger(value: unknown, min: number): number | undefined {
  const number = toNumber(value);
  return number !== undefined && Number.isSafeInteger(number) && number >= min ? number : undefined;
}

function toList<T>(value: unknown, convert: (entry: unknown) => T | undefined): readonly T[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const list: T[] = [];
  for (const entry of value as readonly unknown[]) {
    const converted = convert(entry);
    if (converted === undefined) return undefined;
    list.push(converted);
  }
  return list;
}
