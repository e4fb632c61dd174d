import { type GroupName, OPTION_GROUPS } from './groups.ts';
import { optionRegistry, type OptionMeta } from './option.ts';

/** What the command line gives an option: nothing, one word, or many. */
type ValueKind = 'boolean' | 'number' | 'enum' | 'text' | 'list';

/** One option as the parser and `--help` see it: its data and what its schema says. */
export interface OptionDefinition extends OptionMeta {
  readonly group: GroupName;
  readonly key: string;
  /** Place in the configuration, such as `load.concurrency`. */
  readonly path: string;
  readonly kind: ValueKind;
  /** Enums only. */
  readonly choices: readonly string[];
  /** Constant default of the schema. */
  readonly defaultValue: unknown;
}

/** The part of zod's definitions that is read here. */
interface SchemaDef {
  readonly type: string;
  readonly innerType?: { readonly _zod: { readonly def: SchemaDef } };
  readonly in?: { readonly _zod: { readonly def: SchemaDef } };
  readonly entries?: Readonly<Record<string, string>>;
  readonly defaultValue?: unknown;
}

/** Looks through `optional`, `default` and the input side of a pipe at the schema of the value itself. */
function innermost(def: SchemaDef): SchemaDef {
  const inner = def.innerType ?? def.in;
  return inner === undefined ? def : innermost(inner._zod.def);
}

function kindOf(def: SchemaDef): ValueKind {
  switch (def.type) {
    case 'boolean':
    case 'number':
    case 'enum':
      return def.type;
    case 'array':
      return 'list';
    default:
      return 'text';
  }
}

function* readDefinitions(): Generator<OptionDefinition> {
  for (const [group, { schema }] of Object.entries(OPTION_GROUPS)) {
    for (const [key, value] of Object.entries(schema.shape)) {
      const meta = optionRegistry.get(value as never) as OptionMeta | undefined;
      if (meta === undefined) throw new TypeError(`Option ${group}.${key} has no flags`);
      const def = value._zod.def as SchemaDef;
      const base = innermost(def);
      yield {
        ...meta,
        group: group as GroupName,
        key,
        path: `${group}.${key}`,
        kind: kindOf(base),
        choices: Object.values(base.entries ?? {}),
        defaultValue: def.defaultValue,
      };
    }
  }
}

/** Every option of `profile`, in the order of `--help`. */
export const optionDefinitions: readonly OptionDefinition[] = [...readDefinitions()];

const definitionsByPath: ReadonlyMap<string, OptionDefinition> = new Map(
  optionDefinitions.map((definition) => [definition.path, definition]),
);

/** The option at a place of the configuration. */
export function optionAt(path: string): OptionDefinition {
  const definition = definitionsByPath.get(path);
  if (definition === undefined) throw new TypeError(`No option at ${path}`);
  return definition;
}

/** A spelling on the command line and the option it means. */
export interface FlagMeaning {
  readonly definition: OptionDefinition;
  readonly isNegation: boolean;
}

function* readFlags(): Generator<[string, FlagMeaning]> {
  for (const definition of optionDefinitions) {
    for (const flag of definition.flags) yield [flag, { definition, isNegation: false }];
    if (definition.negation !== undefined) yield [definition.negation, { definition, isNegation: true }];
  }
}

/** Every spelling on the command line. */
export const flagMeanings: ReadonlyMap<string, FlagMeaning> = new Map(readFlags());
