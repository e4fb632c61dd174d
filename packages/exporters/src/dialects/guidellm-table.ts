/** One column of a table of GuideLLM. */
export interface GuidellmColumn {
  /** Lines of its head: group, name, unit. Equal neighbours under equal heads are one cell. */
  readonly head: readonly [group: string, name: string, unit: string];
  readonly value: string;
}

const HEAD_LINES = 3;

/** Lines of a table with one row, as GuideLLM draws it: two empty lines, a title, and a head whose joined cells keep their bars. */
export function renderGuidellmTable(title: string, columns: readonly GuidellmColumn[]): string[] {
  const cells = columns.map(({ head }) => head.map(padded));
  const widths = columns.map(({ value }) => padded(value).length);
  for (let line = 0; line < HEAD_LINES; line++) {
    for (const [from, to] of runsOf(columns, line)) {
      widen(widths, from, to, cells[from]?.[line]?.length ?? 0);
      for (let column = from + 1; column < to; column++) cells[column]?.splice(line, 1, '');
    }
  }
  const heads = Array.from({ length: HEAD_LINES }, (_, line) => headLine(cells, widths, line));
  return [
    '',
    '',
    `ℹ ${title}`,
    tableLine(widths.map((width) => '='.repeat(width))),
    ...heads,
    tableLine(widths.map((width) => '-'.repeat(width))),
    tableLine(columns.map(({ value }, column) => padded(value).padEnd(widths[column] ?? 0))),
    tableLine(widths.map((width) => '='.repeat(width))),
  ];
}

/** Neighbours with the same text in a line of the head, and the same above it. */
function runsOf(columns: readonly GuidellmColumn[], line: number): [from: number, to: number][] {
  const runs: [number, number][] = [];
  for (const [column, { head }] of columns.entries()) {
    const run = runs.at(-1);
    const first = run === undefined ? undefined : columns[run[0]]?.head;
    const isSame =
      head[line] !== '' && first?.[line] === head[line] && (line === 0 || first?.[line - 1] === head[line - 1]);
    if (run !== undefined && isSame) run[1] = column + 1;
    else runs.push([column, column + 1]);
  }
  return runs;
}

/** Makes the columns of a joined cell as wide as its text, the first ones by one more. */
function widen(widths: number[], from: number, to: number, required: number): void {
  const current = widths.slice(from, to).reduce((sum, width) => sum + width, 0);
  if (required <= current) return;
  const each = Math.floor((required - current) / (to - from));
  const rest = (required - current) % (to - from);
  for (let column = from; column < to; column++) {
    widths[column] = (widths[column] ?? 0) + each + (column - from < rest ? 1 : 0);
  }
}

/** An empty cell behind one with text has no width of its own: its width belongs to that text, its bar stays. */
function headLine(cells: readonly (readonly string[])[], widths: readonly number[], line: number): string {
  const lineWidths = [...widths];
  let owner = -1;
  for (const [column, texts] of cells.entries()) {
    if (texts[line] !== '') {
      owner = column;
    } else if (owner >= 0) {
      lineWidths[owner] = (lineWidths[owner] ?? 0) + (widths[column] ?? 0);
      lineWidths[column] = 0;
    }
  }
  return tableLine(cells.map((texts, column) => (texts[line] ?? '').padEnd(lineWidths[column] ?? 0)));
}

function tableLine(cells: readonly string[]): string {
  return `|${cells.join('|')}|`;
}

function padded(text: string): string {
  return text === '' ? '' : ` ${text} `;
}
