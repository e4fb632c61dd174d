import { Type, type Field, type Int } from 'apache-arrow';
import type { MetricUnit } from '@aiperf/metrics';
import type { ArrowColumnBatch } from '@aiperf/records/file';
import { displayDivisor } from './display-units.ts';
import { JsonPiece, type JsonBytes } from './json-bytes.ts';

/** Writes one row's value and says so; false, and nothing written, where it is null: then its key is left out too. */
export type WriteValue = (row: number, out: JsonBytes) => boolean;

/** Flags of metrics that are not shown request by request. */
const HIDDEN_FLAGS: readonly string[] = ['internal', 'experimental', 'no_individual_records'];

const COMMA = 0x2c;
const TRUE = new JsonPiece('true');
const FALSE = new JsonPiece('false');
const NULL = new JsonPiece('null');

/** Metric columns say so in their field metadata, so a record file can be written out without the registry that made it. */
export function isMetricColumn(field: Field): boolean {
  const kind = field.metadata.get('kind');
  const flags = (field.metadata.get('flags') ?? '').split(',');
  return (kind === 'record' || kind === 'record_list') && !HIDDEN_FLAGS.some((flag) => flags.includes(flag));
}

/** Value of a column that is no metric: integers exactly, text quoted. */
export function plainValue(batch: ArrowColumnBatch, field: Field): WriteValue {
  const { name, type } = field;
  const nulls = batch.nulls(name);
  if (type.typeId === Type.Utf8) {
    const { offsets, bytes } = batch.utf8(name);
    return (row, out) => {
      if (nulls?.[row] === 1) return false;
      out.quoted(bytes, offsets[row] ?? 0, offsets[row + 1] ?? 0);
      return true;
    };
  }
  if (type.typeId === Type.Timestamp || (type.typeId === Type.Int && (type as Int).bitWidth === 64)) {
    const values = batch.bigints(name);
    const halves = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
    return (row, out) => {
      if (nulls?.[row] === 1) return false;
      out.int64(halves[row * 2] ?? 0, halves[row * 2 + 1] ?? 0);
      return true;
    };
  }
  const values = batch.numbers(name);
  const isBoolean = type.typeId === Type.Bool;
  const write = numberWriter(1, type.typeId !== Type.Float);
  return (row, out) => {
    const value = values[row] ?? Number.NaN;
    if (!Number.isFinite(value)) return false;
    if (isBoolean) out.raw(value === 1 ? TRUE : FALSE);
    else write(value, out);
    return true;
  };
}

/** What comes between a metric's key and what {@link metricValue} writes. */
export function metricOpening(field: Field): string {
  return isList(field) ? '{"value":[' : '{"value":';
}

function isList(field: Field): boolean {
  return (field.type.children as readonly Field[] | null)?.[0] !== undefined;
}

/** The rest of `{"value":…,"unit":"ms"}` of a metric in its display unit. */
export function metricValue(batch: ArrowColumnBatch, field: Field): WriteValue {
  const unit = field.metadata.get('unit') as MetricUnit | undefined;
  const displayUnit = (field.metadata.get('display_unit') as MetricUnit | undefined) ?? unit;
  const divisor = unit === undefined || displayUnit === undefined ? 1 : displayDivisor({ unit, displayUnit });
  const unitText = `,"unit":${JSON.stringify(displayUnit ?? '')}}`;
  const item = (field.type.children as readonly Field[] | null)?.[0];
  const write = numberWriter(divisor, (item ?? field).type.typeId !== Type.Float);
  if (item === undefined) {
    const tail = new JsonPiece(unitText);
    const values = batch.numbers(field.name);
    return (row, out) => {
      const value = values[row] ?? Number.NaN;
      if (!Number.isFinite(value)) return false;
      write(value, out);
      out.raw(tail);
      return true;
    };
  }
  const { offsets, values } = batch.list(field.name);
  const listTail = new JsonPiece(`]${unitText}`);
  return (row, out) => {
    const from = offsets[row] ?? 0;
    const to = offsets[row + 1] ?? 0;
    if (to <= from) return false;
    for (let i = from; i < to; i += 1) {
      if (i > from) out.byte(COMMA);
      const value = values[i] ?? Number.NaN;
      if (Number.isFinite(value)) write(value, out);
      else out.raw(NULL);
    }
    out.raw(listTail);
    return true;
  };
}

/** Counts stay integers; what is divided becomes a float. */
function numberWriter(divisor: number, isInteger: boolean): (value: number, out: JsonBytes) => void {
  if (divisor === 1) return isInteger ? (value, out) => out.integer(value) : (value, out) => out.float(value);
  if (divisor === 1e6 && isInteger) return (value, out) => out.millionths(value);
  return (value, out) => out.float(value / divisor);
}
