import { Type, type Field, type Int } from 'apache-arrow';
import type { MetricUnit } from '@aiperf/metrics';
import type { ArrowColumnBatch } from './arrow/column-batch.ts';
import { displayDivisor } from './display-units.ts';
import { int64Text, millionthsText } from './integer-text.ts';
import { pythonFloat } from './number-format.ts';

/** JSON text of one row's value; `undefined` where it is null, so that its key is left out. */
export type RowText = (row: number) => string | undefined;

/** Flags of metrics that are not shown request by request. */
const HIDDEN_FLAGS: readonly string[] = ['internal', 'experimental', 'no_individual_records'];

/** Metric columns say so in their field metadata, so a record file can be written out without the registry that made it. */
export function isMetricColumn(field: Field): boolean {
  const kind = field.metadata.get('kind');
  const flags = (field.metadata.get('flags') ?? '').split(',');
  return (kind === 'record' || kind === 'record_list') && !HIDDEN_FLAGS.some((flag) => flags.includes(flag));
}

/** Value of a column that is no metric: integers exactly, text quoted. */
export function plainValue(batch: ArrowColumnBatch, field: Field): RowText {
  const { name, type } = field;
  const nulls = batch.nulls(name);
  switch (type.typeId) {
    case Type.Utf8:
      return quoted(batch.strings(name));
    case Type.Bool: {
      const values = batch.numbers(name);
      return (row) => (nulls?.[row] === 1 ? undefined : String(values[row] === 1));
    }
    case Type.Timestamp:
      return bigintText(batch, name, nulls);
    case Type.Int:
      return (type as Int).bitWidth === 64 ? bigintText(batch, name, nulls) : numberText(batch.numbers(name), String);
    default:
      return numberText(batch.numbers(name), pythonFloat);
  }
}

/** `{"value":…,"unit":"ms"}` of a metric in its display unit. */
export function metricValue(batch: ArrowColumnBatch, field: Field): RowText {
  const unit = field.metadata.get('unit') as MetricUnit | undefined;
  const displayUnit = (field.metadata.get('display_unit') as MetricUnit | undefined) ?? unit;
  const divisor = unit === undefined || displayUnit === undefined ? 1 : displayDivisor({ unit, displayUnit });
  const tail = `,"unit":${JSON.stringify(displayUnit ?? '')}}`;
  const item = (field.type.children as readonly Field[] | null)?.[0];
  const isInteger = !isFloat(item ?? field);
  const print = printer(divisor, isInteger);
  if (item === undefined) {
    const values = batch.numbers(field.name);
    return (row) => {
      const value = values[row] ?? Number.NaN;
      return Number.isFinite(value) ? `{"value":${print(value)}${tail}` : undefined;
    };
  }
  const { offsets, values } = batch.list(field.name);
  return (row) => {
    const from = offsets[row] ?? 0;
    const to = offsets[row + 1] ?? 0;
    if (to <= from) return undefined;
    let text = '{"value":[';
    for (let i = from; i < to; i += 1) {
      const value = values[i] ?? Number.NaN;
      text += (i === from ? '' : ',') + (Number.isFinite(value) ? print(value) : 'null');
    }
    return `${text}]${tail}`;
  };
}

/** Counts stay integers; what is divided becomes a float. */
function printer(divisor: number, isInteger: boolean): (value: number) => string {
  if (divisor === 1) return isInteger ? String : pythonFloat;
  if (divisor === 1e6 && isInteger) return millionthsText;
  return (value) => pythonFloat(value / divisor);
}

/** What JSON must escape, and what `JSON.stringify` escapes beside it. */
const NEEDS_ESCAPE = /["\\\p{Cc}\p{Cs}]/u;

function quoted(texts: readonly (string | null)[]): RowText {
  let known: string | null | undefined;
  let knownQuoted: string | undefined;
  return (row) => {
    const text = texts[row];
    if (text === known) return knownQuoted;
    known = text;
    if (text === null || text === undefined) knownQuoted = undefined;
    else knownQuoted = NEEDS_ESCAPE.test(text) ? JSON.stringify(text) : `"${text}"`;
    return knownQuoted;
  };
}

function bigintText(batch: ArrowColumnBatch, name: string, nulls: Uint8Array | undefined): RowText {
  const text = int64Text(batch.bigints(name));
  return (row) => (nulls?.[row] === 1 ? undefined : text(row));
}

function numberText(values: Float64Array, print: (value: number) => string): RowText {
  return (row) => {
    const value = values[row] ?? Number.NaN;
    return Number.isFinite(value) ? print(value) : undefined;
  };
}

function isFloat(field: Field): boolean {
  return field.type.typeId === Type.Float;
}
