import { isMap, isScalar, isSeq, type YAMLMap } from 'yaml';
import * as z from 'zod/mini';
import { type FilePhase, PHASE_TYPES } from './config-file.ts';
import { type ConfigProblem, createProblem, quoteFound } from './config-problem.ts';
import { nearestName } from '@aiperf/nearest-name';
import { FIELD_ROWS, LOAD_TABLE } from './options/load-table.ts';
import { foundIn } from './options/option.ts';
import { optionAt } from './options/option-table.ts';
import { toValue } from './parse-words.ts';
import type { RampShape } from './phase-config.ts';
import { PhaseDraft, type PhaseField } from './phase-input.ts';
import { EXPECTED_RATE_SERIES, toRateSeries } from './rate-series.ts';
import { foldKey, singleWordOf, wordOf, type YamlPlace } from './yaml-values.ts';

const RAMP_SHAPES: readonly RampShape[] = ['linear', 'exponential', 'poisson'];
const TEXT_KEYS = ['name', 'kind', 'type'];

/** Every spelling of every field. One with a point is a key of a mapping of its own. */
const FIELD_OF_KEY: ReadonlyMap<string, PhaseField> = new Map(
  FIELD_ROWS.flatMap(([field, { fileKeys }]) => fileKeys.map((key) => [key, field] as const)),
);

/** Keys of a phase, or of one of its mappings. */
function keysIn(mapping: string | undefined): readonly string[] {
  const parts = [...FIELD_OF_KEY.keys()].map((key) => key.split('.'));
  if (mapping === undefined) return [...new Set(parts.map(([key = '']) => key))];
  return parts.flatMap(([outer, inner]) => (outer === mapping && inner !== undefined ? [inner] : []));
}

function unitOf(field: PhaseField | undefined): string {
  return (field === undefined ? undefined : LOAD_TABLE[field].option.valueName) ?? 'a value';
}

const PHASE_NAME = /^[A-Za-z0-9][\w.-]{0,63}$/u;

class PhaseReader {
  readonly draft = new PhaseDraft();
  readonly texts = new Map<string, { readonly value: string; readonly label: string }>();
  readonly problems: ConfigProblem[] = [];
  seamless = false;
  readonly #place: YamlPlace;

  constructor(place: YamlPlace) {
    this.#place = place;
  }

  refuse(label: string, expected: string, found: string, nearest?: string): void {
    const parts = { kind: 'invalid_value', options: [label], expected, found } as const;
    this.problems.push(createProblem({ ...parts, ...(nearest === undefined ? {} : { nearest }) }));
  }

  read(map: YAMLMap): void {
    for (const pair of map.items) {
      const name = this.#place.keyOf(pair);
      const key = foldKey(name);
      const label = `${this.#place.at(pair.key)} ${name}`;
      const node = this.#place.resolve(pair.value);
      const field = key.includes('.') ? undefined : FIELD_OF_KEY.get(key);
      if (field !== undefined) this.#readField(field, label, node);
      else if (keysIn(key).length > 0) this.#readMapping(key, label, node);
      else if (key === 'seamless') this.#readSeamless(label, node);
      else if (TEXT_KEYS.includes(key)) this.#readText(key, label, node);
      else this.#unknown(label, key, [...keysIn(undefined), ...TEXT_KEYS, 'seamless']);
    }
  }

  #unknown(label: string, key: string, names: readonly string[]): void {
    const nearest = nearestName(key, names);
    const help = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
    const message = `${label}: a phase has no such field.${help}`;
    this.problems.push({
      kind: 'unknown_option',
      options: [label],
      ...(nearest === undefined ? {} : { nearest }),
      message,
    });
  }

  #readText(key: string, label: string, node: unknown): void {
    const value = wordOf(node);
    if (value === undefined) this.refuse(label, 'a word', 'something else');
    else this.texts.set(key, { value, label });
  }

  #readSeamless(label: string, node: unknown): void {
    const value = isScalar(node) ? node.value : undefined;
    if (typeof value === 'boolean') this.seamless = value;
    else this.refuse(label, 'true or false', quoteFound(wordOf(node) ?? ''));
  }

  #readField(field: PhaseField, label: string, node: unknown): void {
    if (this.draft.labels.has(field)) {
      const options = [this.draft.labels.get(field) ?? '', label];
      const message = `${options.join(' and ')}: the same field given 2 times; give it once.`;
      this.problems.push({ kind: 'repeated_option', options, message });
    } else if (field.endsWith('Ramp') && isMap(node)) this.#readRamp(field, label, node);
    else if (field === 'requestRateSeries' && isSeq(node)) this.#readSeries(label, node.toJSON());
    else this.draft.set(field, label, this.#readOption(field, label, node));
  }

  /** A value with the type and the bounds of the option of the same meaning. */
  #readOption(field: PhaseField, label: string, node: unknown): unknown {
    const word = singleWordOf(node);
    if (word === undefined) {
      this.refuse(label, 'one value', node === null || isScalar(node) ? 'nothing' : 'something else');
      return undefined;
    }
    const definition = optionAt(`load.${field}`);
    const parsed = z.safeParse(LOAD_TABLE[field].schema, toValue(definition, word), { jitless: true });
    if (parsed.success) return parsed.data;
    const [issue] = parsed.error.issues;
    const nearest = definition.kind === 'enum' ? nearestName(word, definition.choices) : undefined;
    this.refuse(label, issue?.message ?? '', foundIn(issue) ?? quoteFound(word), nearest);
    return undefined;
  }

  #readRamp(field: PhaseField, label: string, map: YAMLMap): void {
    let ramp: unknown;
    let shape: string = 'linear';
    for (const pair of map.items) {
      const key = foldKey(this.#place.keyOf(pair));
      const place = `${this.#place.at(pair.key)} ${this.#place.keyOf(pair)}`;
      if (key === 'duration') ramp = this.#readOption(field, place, this.#place.resolve(pair.value));
      else if (key === 'shape') shape = this.#readShape(place, this.#place.resolve(pair.value));
      else this.#unknown(place, key, ['duration', 'shape']);
    }
    const hasDuration = map.items.some((pair) => foldKey(this.#place.keyOf(pair)) === 'duration');
    if (!hasDuration) this.refuse(label, 'a duration in it', 'none');
    this.draft.set(field, label, ramp === undefined ? undefined : { ...(ramp as object), shape });
  }

  #readShape(label: string, node: unknown): string {
    const word = wordOf(node) ?? '';
    if ((RAMP_SHAPES as readonly string[]).includes(word)) return word;
    this.refuse(label, `one of ${RAMP_SHAPES.join(', ')}`, quoteFound(word), nearestName(word, RAMP_SHAPES));
    return 'linear';
  }

  #readSeries(label: string, value: unknown): void {
    const result = toRateSeries(value);
    if ('found' in result) this.refuse(label, EXPECTED_RATE_SERIES, result.found);
    this.draft.set('requestRateSeries', label, 'found' in result ? undefined : result.points);
  }

  #readMapping(name: string, label: string, node: unknown): void {
    const keys = keysIn(name);
    if (!isMap(node)) {
      const units = keys.map((key) => `${key} (${unitOf(FIELD_OF_KEY.get(`${name}.${key}`))})`);
      this.refuse(label, units.join(' and '), 'something else');
      return;
    }
    for (const pair of node.items) {
      const key = foldKey(this.#place.keyOf(pair));
      const place = `${this.#place.at(pair.key)} ${name}.${this.#place.keyOf(pair)}`;
      const field = FIELD_OF_KEY.get(`${name}.${key}`);
      if (field === undefined) this.#unknown(place, key, keys);
      else this.#readField(field, place, this.#place.resolve(pair.value));
    }
  }
}

function toPhase(reader: PhaseReader, label: string): FilePhase | undefined {
  const [name, kind, type] = ['name', 'kind', 'type'].map((key) => reader.texts.get(key));
  const kinds = ['warmup', 'profiling'];
  if (name === undefined) reader.refuse(label, 'a name for the phase', 'none');
  else if (!PHASE_NAME.test(name.value)) {
    reader.refuse(name.label, 'a name of letters, digits, _, . and -', quoteFound(name.value));
  }
  if (kind === undefined) reader.refuse(label, `a kind of ${kinds.join(' or ')}`, 'none');
  else if (!kinds.includes(kind.value)) {
    reader.refuse(kind.label, `one of ${kinds.join(', ')}`, quoteFound(kind.value), nearestName(kind.value, kinds));
  }
  const types = Object.keys(PHASE_TYPES);
  const typeName = type === undefined ? undefined : foldKey(type.value);
  if (type !== undefined && typeName !== undefined) {
    if (!Object.hasOwn(PHASE_TYPES, typeName)) {
      reader.refuse(type.label, `one of ${types.join(', ')}`, quoteFound(type.value), nearestName(typeName, types));
      return undefined;
    }
    const pattern = PHASE_TYPES[typeName]?.arrivalPattern;
    if (pattern !== undefined && !reader.draft.labels.has('arrivalPattern')) {
      reader.draft.set('arrivalPattern', type.label, pattern);
    }
  }
  if (name === undefined || (kind?.value !== 'warmup' && kind?.value !== 'profiling')) return undefined;
  return {
    name: name.value,
    kind: kind.value,
    label,
    ...(type === undefined || typeName === undefined ? {} : { type: { value: typeName, label: type.label } }),
    seamless: reader.seamless,
    draft: reader.draft,
  };
}

/** What is wrong with the list as a whole. */
function* listProblems(label: string, phases: readonly FilePhase[]): Generator<ConfigProblem> {
  if (!phases.some(({ kind }) => kind === 'profiling')) {
    const expected = 'at least one phase of kind profiling';
    yield createProblem({ kind: 'invalid_value', options: [label], expected, found: 'none' });
  }
  for (const [index, phase] of phases.entries()) {
    const before = phases.slice(0, index).find(({ name }) => name === phase.name);
    if (before === undefined) continue;
    const options = [before.label, phase.label];
    yield createProblem({ kind: 'conflict', options, expected: 'a name of its own', found: quoteFound(phase.name) });
  }
  const last = phases.at(-1);
  if (last?.seamless !== true) return;
  const expected = 'a phase after a seamless one';
  yield createProblem({ kind: 'conflict', options: [last.label], expected, found: 'the last one' });
}

/** The list `phases` of a file. Phases that cannot be told apart or placed are left out, with a problem each. */
export function readPhases(
  place: YamlPlace,
  label: string,
  node: unknown,
): { readonly phases: readonly FilePhase[]; readonly problems: readonly ConfigProblem[] } {
  if (!isSeq(node) || node.items.length === 0) {
    const expected = 'a list of phases';
    const found = isSeq(node) ? 'an empty one' : 'something else';
    return { phases: [], problems: [createProblem({ kind: 'invalid_value', options: [label], expected, found })] };
  }
  const problems: ConfigProblem[] = [];
  const phases = node.items.flatMap((item, index) => {
    const map = place.resolve(item);
    const itemLabel = `${place.at(item)} phases[${index}]`;
    const reader = new PhaseReader(place);
    if (isMap(map)) reader.read(map);
    else reader.refuse(itemLabel, 'a mapping of fields', 'something else');
    const phase = isMap(map) ? toPhase(reader, itemLabel) : undefined;
    problems.push(...reader.problems);
    return phase === undefined ? [] : [phase];
  });
  // A phase that was left out might have been the one.
  if (phases.length === node.items.length) problems.push(...listProblems(label, phases));
  return { phases, problems };
}
