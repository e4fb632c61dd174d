import type { GroupName } from './options/groups.ts';
import { optionAt } from './options/option-table.ts';
import type { GivenOption } from './parse-words.ts';

/** What was given, by option path. */
export type Given = ReadonlyMap<string, GivenOption>;

/** What an option is called where it was not typed: its documented name, or an alias that is less than half as long. */
export function nameOf(group: GroupName, key: string): string {
  const { flags } = optionAt(`${group}.${key}`);
  const [documented] = flags;
  return flags.find((flag) => flag.startsWith('--') && flag.length * 2 < documented.length) ?? documented;
}

/** What an option is called: as it was typed where it was. */
export function flagOf(given: Given, path: string): string {
  const [group = '', key = ''] = path.split('.');
  return given.get(path)?.typedFlags[0] ?? nameOf(group as GroupName, key);
}
