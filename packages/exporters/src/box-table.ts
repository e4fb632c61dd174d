import { displayWidth, wrapText } from './display-width.ts';

/** One column of a table. */
export interface BoxColumn {
  readonly header: string;
  readonly align: 'left' | 'right';
  /** The column that gives way, down to this width, when the table is too wide. */
  readonly shrinkToWidth?: number;
}

/** A table with heavy head lines. Cells may hold line breaks. */
export interface BoxTable {
  readonly title: string;
  readonly columns: readonly BoxColumn[];
  readonly rows: readonly (readonly string[])[];
}

/** Cells that a table takes when its shrinking column is as narrow as allowed. */
export function narrowestWidth(table: BoxTable): number {
  return (
    frameWidth(table.columns.length) +
    sum(naturalWidths(table).map((width, i) => Math.min(width, table.columns[i]?.shrinkToWidth ?? width)))
  );
}

/** Lines of a table at most `availableWidth` cells wide, unless its narrowest form is wider. */
export function renderBoxTable(table: BoxTable, availableWidth: number): string[] {
  const { columns, rows, title } = table;
  const widths = naturalWidths(table);
  const excess = sum(widths) + frameWidth(columns.length) - availableWidth;
  const shrinking = columns.findIndex((column) => column.shrinkToWidth !== undefined);
  const natural = widths[shrinking];
  if (excess > 0 && natural !== undefined) {
    widths[shrinking] = Math.max(natural - excess, Math.min(natural, columns[shrinking]?.shrinkToWidth ?? natural));
  }
  const rule = (left: string, fill: string, middle: string, right: string): string =>
    `${left}${widths.map((width) => fill.repeat(width + 2)).join(middle)}${right}`;
  const top = rule('┏', '━', '┳', '┓');
  return [
    ...wrapText(title, displayWidth(top)).map((line) => centred(line, displayWidth(top))),
    top,
    ...rowLines(
      columns,
      widths,
      columns.map((column) => column.header),
      '┃',
    ),
    rule('┡', '━', '╇', '┩'),
    ...rows.flatMap((row) => rowLines(columns, widths, row, '│')),
    rule('└', '─', '┴', '┘'),
  ];
}

function rowLines(
  columns: readonly BoxColumn[],
  widths: readonly number[],
  row: readonly string[],
  bar: string,
): string[] {
  const cells = columns.map((_, i) => wrapText(row[i] ?? '', widths[i] ?? 0));
  const height = Math.max(...cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) => {
    const texts = columns.map(({ align }, i) => {
      const text = cells[i]?.[line] ?? '';
      const padding = ' '.repeat(Math.max(0, (widths[i] ?? 0) - displayWidth(text)));
      return align === 'right' ? ` ${padding}${text} ` : ` ${text}${padding} `;
    });
    return `${bar}${texts.join(bar)}${bar}`;
  });
}

function naturalWidths({ columns, rows }: BoxTable): number[] {
  return columns.map(({ header }, i) =>
    Math.max(displayWidth(header), ...rows.flatMap((row) => (row[i] ?? '').split('\n').map(displayWidth))),
  );
}

/** Bars and the spaces beside each cell. */
function frameWidth(columnCount: number): number {
  return columnCount * 3 + 1;
}

function centred(text: string, width: number): string {
  const excess = Math.max(0, width - displayWidth(text));
  const left = Math.floor(excess / 2);
  return ' '.repeat(left) + text + ' '.repeat(excess - left);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
