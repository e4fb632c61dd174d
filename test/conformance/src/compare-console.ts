import type { Checks } from './checks.ts';

/** One printed table. */
export interface PrintedTable {
  readonly title: string;
  readonly header: readonly string[];
  /** Cells of each row by its first cell; lines of a wrapped row are joined. */
  readonly rows: ReadonlyMap<string, readonly string[]>;
}

/** `profile_export_console.txt`: tables, their order, columns, rows and their order, and which cells have a number. */
export function compareConsole(checks: Checks, theirText: string, ourText: string): void {
  const [theirs, ours] = [readTables(theirText), readTables(ourText)].map(
    (tables) => new Map(tables.map((table) => [table.title.replace(/^(NVIDIA )?AIPerf \| /, ''), table])),
  );
  if (theirs === undefined || ours === undefined) return;
  const common = checks.members('console', theirs.keys(), ours.keys());
  checks.order('console/order', [...theirs.keys()], [...ours.keys()]);
  for (const title of common) {
    const [their, our] = [theirs.get(title), ours.get(title)];
    if (their === undefined || our === undefined) continue;
    checks.same(`console/${title}/columns`, their.header, our.header);
    // The code of an error is no name of a row: the last cell, its count, is compared by it all the same.
    const rows = checks.members(`console/${title}`, their.rows.keys(), our.rows.keys());
    if (!title.endsWith('Error Summary'))
      checks.order(`console/${title}/order`, [...their.rows.keys()], [...our.rows.keys()]);
    for (const row of rows) {
      checks.same(`console/${title}/form/${row}`, their.rows.get(row)?.map(form), our.rows.get(row)?.map(form));
    }
  }
}

function form(cell: string): string {
  return cell.replace(/^-?[\d,]+(?=\.)/, 'n').replaceAll(/\d/g, '0');
}

/** Reads the tables drawn with box characters out of a text. */
export function readTables(text: string): PrintedTable[] {
  const lines = text.split('\n').map((line) => line.trim());
  const tables: PrintedTable[] = [];
  for (const [index, line] of lines.entries()) {
    if (!line.startsWith('┏')) continue;
    const end = lines.findIndex((other, at) => at > index && other.startsWith('└'));
    const header = cells(lines[index + 1] ?? '', '┃');
    tables.push({ title: lines[index - 1] ?? '', header, rows: readRows(lines.slice(index + 3, end)) });
  }
  return tables;
}

function readRows(lines: readonly string[]): Map<string, string[]> {
  const rows: string[][] = [];
  for (const line of lines) {
    const row = cells(line, '│');
    const last = rows.at(-1);
    // A wrapped line goes on in some columns and is empty in the last one, which always has a value.
    if (last !== undefined && row.at(-1) === '') {
      for (const [column, cell] of row.entries())
        if (cell !== '') last[column] = `${last[column] ?? ''} ${cell}`.trim();
    } else {
      rows.push(row);
    }
  }
  return new Map(rows.map(([name = '', ...rest]) => [name, rest]));
}

function cells(line: string, edge: string): string[] {
  return line
    .split(edge)
    .slice(1, -1)
    .map((cell) => cell.trim());
}
