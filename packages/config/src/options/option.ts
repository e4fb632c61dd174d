import * as z from 'zod/mini';
import { parseDurationMs, parseDurationSec } from '../units.ts';

/** What a value may hold that must not be shown: the whole of it, values of `name:value` pairs, or the user info of a URL. */
type Sensitivity = 'all' | 'pairs' | 'url';

/** What an option is beyond the type, bounds and default that its zod schema already says. */
export interface OptionMeta {
  /** Every spelling, the documented name first. */
  readonly flags: readonly [string, ...string[]];
  /** Spelling that sets a boolean option to false. */
  readonly negation?: string;
  /** One sentence for `--help`, without default and unit. */
  readonly summary: string;
  /** Name of the value in `--help`, such as `tokens` or `path`. */
  readonly valueName?: string;
  /** Default for `--help` where it is not a constant of the schema. */
  readonly defaultText?: string;
  /** Lists only: the option takes every following word that is not an option. */
  readonly takesManyWords?: boolean;
  /** Lists only: a word may hold several items with commas between them. */
  readonly splitsAtCommas?: boolean;
  /** Enums only: accepted spellings that are not listed, and what they mean. */
  readonly synonyms?: Readonly<Record<string, string>>;
  readonly sensitivity?: Sensitivity;
}

/** Where the options' data is kept: by the schema object that an option group holds. */
export const optionRegistry: z.core.$ZodRegistry<OptionMeta> = z.registry<OptionMeta>();

/** Attaches an option's flags and words to the schema of its value. */
export function option<T extends z.core.$ZodType>(schema: T, meta: OptionMeta): T {
  optionRegistry.add(schema as never, meta as never);
  return schema;
}

/** The zod object of one option group; its output is the group's part of the configuration. */
export type GroupSchema<Output> = z.core.$ZodType<Output> & {
  readonly shape: Readonly<Record<string, z.core.$ZodType>>;
};

/*
 * The message of every schema below says what is expected, as a phrase that continues "expected …". Whatever check fails, the user
 * reads the whole condition and not the half that failed first.
 */

/** An integer with a lower bound, and an upper one where there is a limit below what a double holds exactly. */
export function integerFrom(minimum: number, maximum: number = Number.MAX_SAFE_INTEGER): z.ZodMiniNumber {
  const expected =
    maximum === Number.MAX_SAFE_INTEGER
      ? `an integer of at least ${minimum}`
      : `an integer of ${minimum} to ${maximum}`;
  return z
    .number(expected)
    .check(z.refine((value) => Number.isSafeInteger(value) && value >= minimum && value <= maximum, expected));
}

/** A finite number with a lower bound, which is itself allowed or not. */
export function numberFrom(minimum: number, bound: 'inclusive' | 'exclusive'): z.ZodMiniNumber {
  const expected = bound === 'inclusive' ? `a number of at least ${minimum}` : `a number greater than ${minimum}`;
  return z.number(expected).check(bound === 'inclusive' ? z.gte(minimum, expected) : z.gt(minimum, expected));
}

/** One of the given words. */
export function oneOf<const T extends readonly string[]>(values: T): z.ZodMiniEnum<z.core.util.ToEnum<T[number]>> {
  return z.enum(values, values.length === 1 ? values.join() : `one of ${values.join(', ')}`);
}

/** Text with something other than white space in it. */
export function text(what: string): z.ZodMiniString {
  return z.string(what).check(z.refine((value) => value.trim() !== '', what));
}

/** What a check found, where it says that itself: a phrase that continues "found …". */
export function foundIn(issue: z.core.$ZodIssue | undefined): string | undefined {
  const found: unknown = issue?.code === 'custom' ? issue.params?.['found'] : undefined;
  return typeof found === 'string' ? found : undefined;
}

/** A value made from another one by `convert`, which answers `undefined` when it cannot. */
export function converted<T>(
  expected: string,
  convert: (input: unknown) => T | undefined,
): z.ZodMiniTransform<T, unknown> {
  return z.transform((input: unknown, payload): T => {
    const value = convert(input);
    if (value !== undefined) return value;
    payload.issues.push({ code: 'custom', message: expected, input });
    return z.NEVER;
  }) as z.ZodMiniTransform<T, unknown>;
}

/** Seconds, given as a number of seconds or as text with a unit. */
export function durationSec(limits: {
  readonly allowsZero: boolean;
  readonly allowsInfinity: boolean;
}): z.ZodMiniTransform<number, unknown> {
  const bound = limits.allowsZero ? 'of at least 0 s' : 'longer than 0 s';
  const expected = `a duration ${bound}, such as 30, 30s, 500ms or 2m${limits.allowsInfinity ? ', or inf' : ''}`;
  return converted(expected, (input) => {
    const sec = typeof input === 'string' ? parseDurationSec(input) : input;
    if (typeof sec !== 'number' || Number.isNaN(sec) || sec < 0) return undefined;
    if (sec === 0 && !limits.allowsZero) return undefined;
    return sec === Number.POSITIVE_INFINITY && !limits.allowsInfinity ? undefined : sec;
  });
}

/** Finite milliseconds of at least 0, given as a number of milliseconds or as text with a unit. */
export function durationMs(): z.ZodMiniTransform<number, unknown> {
  return converted('a time of at least 0 ms, such as 30, 30ms, 0.5s or 2m', (input) => {
    const ms = typeof input === 'string' ? parseDurationMs(input) : input;
    return typeof ms === 'number' && Number.isFinite(ms) && ms >= 0 ? ms : undefined;
  });
}
