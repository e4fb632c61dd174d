import { isMap, isScalar, isSeq, type Pair } from 'yaml';
import { type ConfigProblem, invalidValue } from './config-problem.ts';
import type { OptionDefinition } from './options/option-table.ts';
import { type GivenOption, toValue } from './parse-words.ts';
import { parseDecimal } from './units.ts';

/** Where things stand in a file. */
export interface YamlPlace {
  /** `file:line:column` of a node. */
  readonly at: (node: unknown) => string;
  /** The node itself, or what an alias stands for. */
  readonly resolve: (node: unknown) => unknown;
  readonly keyOf: (pair: Pair) => string;
}

/** `modelNames`, `model-names` and `model_names` are one key. */
export function foldKey(key: string): string {
  return key
    .replaceAll(/([a-z0-9])([A-Z])/gu, '$1_$2')
    .replaceAll('-', '_')
    .toLowerCase();
}

/** A scalar as it would be typed. Numbers keep their digits, which a double might not. */
export function wordOf(node: unknown): string | undefined {
  if (!isScalar(node)) return undefined;
  const { value, source } = node;
  if (typeof value === 'number' && source !== undefined && parseDecimal(source) !== undefined) return source;
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? `${value}` : undefined;
}

/** The word of an option with one value. Several numbers are the comma list that a sweep would be, which is refused as such. */
export function singleWordOf(node: unknown): string | undefined {
  if (!isSeq(node)) return wordOf(node);
  const words = node.items.map(wordOf);
  const isSweep = words.length > 1 && words.every((word) => word !== undefined && parseDecimal(word) !== undefined);
  return isSweep ? words.join(',') : undefined;
}

function listWords(definition: OptionDefinition, node: unknown): string[] | undefined {
  if (isSeq(node)) {
    const words = node.items.map(wordOf);
    return words.every((word) => word !== undefined) ? words : undefined;
  }
  if (isMap(node)) {
    // name:value pairs; as JSON where values may be nested.
    if (definition.sensitivity === 'pairs') return [JSON.stringify(node.toJSON())];
    const words = node.items.map(({ key, value }) => {
      const [name, text] = [wordOf(key), wordOf(value)];
      return name === undefined || text === undefined ? undefined : `${name}:${text}`;
    });
    return definition.valueName?.includes(':') === true && words.every((word) => word !== undefined)
      ? words
      : undefined;
  }
  const word = wordOf(node);
  if (word === undefined) return undefined;
  return definition.splitsAtCommas === true ? word.split(',').map((item) => item.trim()) : [word];
}

/** The option that a node of a file gives, as if it had been typed. */
export function givenFromNode(
  definition: OptionDefinition,
  label: string,
  node: unknown,
): { readonly given: GivenOption } | { readonly problem: ConfigProblem } {
  const isList = definition.kind === 'list';
  if (isList) {
    const words = listWords(definition, node);
    if (words !== undefined) return { given: { definition, typedFlags: [label], words, value: words } };
  } else {
    const word = singleWordOf(node);
    if (word !== undefined) {
      return { given: { definition, typedFlags: [label], words: [word], value: toValue(definition, word) } };
    }
  }
  const expected = isList ? 'one or several values' : 'one value';
  const found = isScalar(node) || node === null ? 'nothing' : 'something else';
  return { problem: invalidValue(label, expected, found) };
}
