import { type GroupName, OPTION_GROUPS } from './options/groups.ts';
import { optionDefinitions, type OptionDefinition } from './options/option-table.ts';
import { wrapText } from './text-layout.ts';

const INDENT = '  ';
const GAP = '  ';
/** Where the description begins, at least and at most. */
const LEFT_COLUMNS = { least: 40, most: 56 };

function valueHint(definition: OptionDefinition): string {
  if (definition.kind === 'boolean') return '';
  const name = definition.valueName ?? definition.choices.join('|');
  return ` <${name}>${definition.takesManyWords === true ? '…' : ''}`;
}

function defaultText(definition: OptionDefinition): string | undefined {
  if (definition.defaultText !== undefined) return definition.defaultText;
  const { defaultValue } = definition;
  if (typeof defaultValue === 'boolean') return defaultValue ? 'on' : 'off';
  return typeof defaultValue === 'string' || typeof defaultValue === 'number' ? String(defaultValue) : undefined;
}

/** Unit of a number, told by the value's name. */
function unitOf(definition: OptionDefinition): string {
  const isUnit = /^(seconds|tokens|per second)$/.test(definition.valueName ?? '');
  return isUnit && typeof definition.defaultValue === 'number' ? ` ${definition.valueName}` : '';
}

/** The spellings of an option, as many on a line as fit, short ones first. */
function flagLines(definition: OptionDefinition, columns: number): string[] {
  const flags = [...definition.flags, ...(definition.negation === undefined ? [] : [definition.negation])];
  const ordered = [...flags.filter((flag) => !flag.startsWith('--')), ...flags.filter((flag) => flag.startsWith('--'))];
  const lines: string[] = [];
  for (const [index, flag] of ordered.entries()) {
    const isLast = index === ordered.length - 1;
    const piece = isLast ? `${flag}${valueHint(definition)}` : `${flag},`;
    const line = lines.at(-1);
    if (line !== undefined && line.length + 1 + piece.length <= columns) lines[lines.length - 1] = `${line} ${piece}`;
    else lines.push(...splitHint(piece, columns));
  }
  return lines;
}

/** A flag and its value hint on two lines where they are too long for one. */
function splitHint(piece: string, columns: number): string[] {
  const blank = piece.indexOf(' ');
  return piece.length <= columns || blank === -1
    ? [piece]
    : [piece.slice(0, blank), `${INDENT}${piece.slice(blank + 1)}`];
}

function renderRow(left: readonly string[], text: string, leftColumns: number, columns: number): string[] {
  const right = wrapText(text, columns - leftColumns);
  const rows: string[] = [];
  let cells = 0;
  let lines = 0;
  while (cells < left.length || lines < right.length) {
    const cell = left[cells] === undefined ? '' : `${INDENT}${left[cells]}`;
    cells += 1;
    // A spelling that is longer than its column has the line to itself.
    const isAlone = cell.length + GAP.length > leftColumns;
    rows.push(isAlone ? cell : `${cell.padEnd(leftColumns)}${right[lines] ?? ''}`.trimEnd());
    if (!isAlone) lines += 1;
  }
  return rows;
}

function describe(definition: OptionDefinition): string {
  const fallback = defaultText(definition);
  const choices =
    definition.kind === 'enum' && definition.valueName !== undefined ? ` One of ${definition.choices.join(', ')}.` : '';
  return `${definition.summary}${choices}${fallback === undefined ? '' : ` [default: ${fallback}${unitOf(definition)}]`}`;
}

/** The help page of a command, from the same schema that its arguments are parsed with. */
export function renderHelp(command: 'profile', columns: number): string {
  const width = Math.max(60, Math.min(columns, 160));
  const leftColumns = Math.max(LEFT_COLUMNS.least, Math.min(LEFT_COLUMNS.most, Math.floor(width * 0.42)));
  const cellColumns = leftColumns - INDENT.length - GAP.length;
  const lines = [
    `Usage: aiperf ${command} --model <name> [options]`,
    '',
    ...wrapText('Sends a described load to an inference server and measures what its users would feel.', width),
  ];
  let group: GroupName | undefined;
  for (const definition of optionDefinitions) {
    if (definition.group !== group) {
      group = definition.group;
      lines.push('', `${OPTION_GROUPS[group].title}:`);
    }
    lines.push(...renderRow(flagLines(definition, cellColumns), describe(definition), leftColumns, width));
  }
  lines.push('', 'Help:', ...renderRow(['-h, --help'], 'Show this page.', leftColumns, width));
  return `${lines.join('\n')}\n`;
}
