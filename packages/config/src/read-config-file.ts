import { readFile } from 'node:fs/promises';
import { isMap, LineCounter, parseDocument, type Pair, type YAMLMap } from 'yaml';
import type { ConfigFile } from './config-file.ts';
import { type ConfigProblem, createProblem } from './config-problem.ts';
import { nearestName } from '@aiperf/nearest-name';
import { type GroupName, OPTION_GROUPS } from './options/groups.ts';
import { type OptionDefinition, optionDefinitions } from './options/option-table.ts';
import type { GivenOption } from './parse-words.ts';
import { readPhases } from './read-file-phases.ts';
import { foldKey, givenFromNode, type YamlPlace } from './yaml-values.ts';

/** Groups that describe phases, which a list of phases replaces. */
const LOAD_GROUPS: ReadonlySet<GroupName> = new Set<GroupName>(['load', 'warmup']);

const SECTION_OF: ReadonlyMap<string, GroupName> = new Map(
  (Object.keys(OPTION_GROUPS) as GroupName[]).map((group) => [foldKey(group), group]),
);

/** Spellings of a group's options in a file: the long ones of the command line with `_` for `-`. */
function keysOf(group: GroupName): ReadonlyMap<string, OptionDefinition> {
  const entries = optionDefinitions
    .filter((option) => option.group === group && option.path !== 'input.configFile')
    .flatMap((option) => {
      const flags = option.flags.filter((flag) => flag.startsWith('--'));
      return flags.map((flag): [string, OptionDefinition] => [foldKey(flag.slice(2)), option]);
    });
  return new Map(entries);
}

function unknownKey(label: string, what: string, nearest: string | undefined, remark?: string): ConfigProblem {
  const help = remark === undefined ? (nearest === undefined ? '' : ` Did you mean ${nearest}?`) : ` ${remark}`;
  return {
    kind: 'unknown_option',
    options: [label],
    ...(nearest === undefined ? {} : { nearest }),
    message: `${label}: there is no such ${what}.${help}`,
  };
}

/** The section in which a key would have a meaning. */
function sectionWith(key: string): string | undefined {
  for (const [section, group] of SECTION_OF) if (keysOf(group).has(key)) return section;
  return undefined;
}

class Reader {
  readonly given = new Map<string, GivenOption>();
  readonly problems: ConfigProblem[] = [];
  readonly #place: YamlPlace;

  constructor(place: YamlPlace) {
    this.#place = place;
  }

  readSection(section: string, group: GroupName, map: YAMLMap): void {
    const keys = keysOf(group);
    for (const pair of map.items) {
      const name = this.#place.keyOf(pair);
      const label = `${this.#place.at(pair.key)} ${section}.${name}`;
      const definition = keys.get(foldKey(name));
      if (definition === undefined) {
        const other = sectionWith(foldKey(name));
        const remark = other === undefined ? undefined : `It belongs to the section ${other}.`;
        this.problems.push(unknownKey(label, 'option', nearestName(foldKey(name), keys.keys()), remark));
        continue;
      }
      const before = this.given.get(definition.path);
      if (before !== undefined) {
        const options = [before.typedFlags[0] ?? '', label];
        const message = `${options.join(' and ')}: the same option given 2 times; give it once.`;
        this.problems.push({ kind: 'repeated_option', options, message });
        continue;
      }
      const result = givenFromNode(definition, label, this.#place.resolve(pair.value));
      if ('problem' in result) this.problems.push(result.problem);
      else this.given.set(definition.path, result.given);
    }
  }
}

function readSections(place: YamlPlace, root: YAMLMap): ConfigFile {
  const reader = new Reader(place);
  let phasesPair: Pair | undefined;
  let loadLabel: string | undefined;
  for (const pair of root.items) {
    const name = place.keyOf(pair);
    const label = `${place.at(pair.key)} ${name}`;
    const key = foldKey(name);
    const group = SECTION_OF.get(key);
    const value = place.resolve(pair.value);
    if (key === 'phases') phasesPair = pair;
    else if (group === undefined) {
      const other = sectionWith(key);
      const remark = other === undefined ? undefined : `It belongs to the section ${other}.`;
      reader.problems.push(unknownKey(label, 'section', nearestName(key, [...SECTION_OF.keys(), 'phases']), remark));
    } else if (isMap(value)) {
      if (LOAD_GROUPS.has(group)) loadLabel = label;
      reader.readSection(name, group, value);
    } else {
      const found = 'something else';
      reader.problems.push(
        createProblem({ kind: 'invalid_value', options: [label], expected: 'a mapping of options', found }),
      );
    }
  }
  if (phasesPair === undefined) return { given: reader.given, problems: reader.problems };
  const label = `${place.at(phasesPair.key)} phases`;
  if (loadLabel !== undefined) {
    const expected = 'the load in the list of phases, or in options';
    reader.problems.push(createProblem({ kind: 'conflict', options: [label, loadLabel], expected, found: 'both' }));
  }
  const phases = readPhases(place, label, place.resolve(phasesPair.value));
  return { given: reader.given, phases: phases.phases, problems: [...reader.problems, ...phases.problems] };
}

/** Takes the text of a configuration file apart. `path` is how the user calls it. */
export function parseConfigFile(path: string, text: string): ConfigFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  const faults = [...document.errors, ...document.warnings];
  if (faults.length > 0) {
    const problems = faults.map(({ pos, message }): ConfigProblem => {
      // What the parser quotes may be a key.
      const [reason = ''] = message.split(/:|["'`!]/u);
      return {
        kind: 'invalid_value',
        options: [at(pos[0])],
        message: `${at(pos[0])}: no valid YAML: ${reason.trim()}.`,
      };
    });
    return { given: new Map(), problems };
  }
  const place: YamlPlace = {
    at: (node) => at((node as { readonly range?: readonly number[] } | null)?.range?.[0] ?? 0),
    resolve: (node) =>
      (node as { resolve?: unknown } | null)?.resolve === undefined
        ? node
        : (node as never as { resolve: (of: unknown) => unknown }).resolve(document),
    keyOf: ({ key }) => String((key as { readonly value?: unknown } | null)?.value ?? key),
  };
  if (!isMap(document.contents)) {
    const expected = `a mapping of the sections ${[...SECTION_OF.keys(), 'phases'].join(', ')}`;
    const found = document.contents === null ? 'nothing' : 'something else';
    const problem = createProblem({ kind: 'invalid_value', options: [path], expected, found });
    return { given: new Map(), problems: [problem] };
  }
  return readSections(place, document.contents);
}

/** Reads a configuration file; `option` is what named it. */
export async function readConfigFile(path: string, option: string): Promise<ConfigFile> {
  try {
    return parseConfigFile(path, await readFile(path, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    const expected = 'a YAML file that can be read';
    const found = `${JSON.stringify(path)} (${code})`;
    return {
      given: new Map(),
      problems: [createProblem({ kind: 'invalid_value', options: [option], expected, found })],
    };
  }
}
