import { ConfigError } from './config-error.ts';
import { type LoadContext, loadProfileConfig } from './load-config.ts';
import type { UserConfig } from './user-config.ts';

/** A value as a program gives it: `true` and `false` set and clear a switch, a list gives an option several times. */
export type OptionValue = string | number | boolean | readonly (string | number)[];

/** Options of `aiperf profile` by name: `requestCount` is `--request-count`. What is left out, or `undefined`, has its default. */
export type ProfileOptions = Readonly<Record<string, OptionValue | undefined>>;

/**
 * The configuration of a run that a program asks for. Every problem is found in one go: throws `AIPERF_CONFIG_INVALID`, whose message has a
 * line for each.
 */
export async function profileConfig(
  options: ProfileOptions,
  context: LoadContext = { isTty: false },
): Promise<UserConfig> {
  const result = await loadProfileConfig(Object.entries(options).flatMap(wordsOf), context);
  if (result.ok) return result.config;
  const text = result.problems.map(({ message }) => message).join('\n');
  throw new ConfigError('AIPERF_CONFIG_INVALID', text);
}

function wordsOf([name, value]: readonly [string, OptionValue | undefined]): string[] {
  const flag = name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`);
  if (value === undefined) return [];
  if (typeof value === 'boolean') return [value ? `--${flag}` : `--no-${flag}`];
  const values = typeof value === 'object' ? value : [value];
  // In one word, so that a value which begins with a hyphen is none of the options.
  return values.map((one) => `--${flag}=${one}`);
}
