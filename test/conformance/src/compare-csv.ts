import type { Checks } from './checks.ts';

interface Section {
  readonly header: string;
  /** Cells of each row by its name. */
  readonly rows: ReadonlyMap<string, readonly string[]>;
}

/** `profile_export_aiperf.csv`: sections, columns, rows and their order, empty cells, number format, line ends. */
export function compareCsv(checks: Checks, theirText: string, ourText: string): void {
  checks.same('csv/line-ends', lineEnds(theirText), lineEnds(ourText));
  checks.same('csv/end-of-file', /[\r\n]*$/.exec(theirText)?.[0], /[\r\n]*$/.exec(ourText)?.[0]);
  const [theirs, ours] = [sections(theirText), sections(ourText)];
  checks.same(
    'csv/headers',
    theirs.map(({ header }) => header),
    ours.map(({ header }) => header),
  );
  for (const [index, their] of theirs.entries()) {
    const our = ours[index];
    if (our === undefined) continue;
    const common = checks.members('csv', their.rows.keys(), our.rows.keys());
    checks.order(`csv/order/${index}`, [...their.rows.keys()], [...our.rows.keys()]);
    for (const row of common)
      checks.same(`csv/form/${row}`, their.rows.get(row)?.map(form), our.rows.get(row)?.map(form));
  }
}

function lineEnds(text: string): string[] {
  return [...new Set(text.match(/\r?\n/g))].toSorted();
}

function form(cell: string): string {
  return cell.replace(/^-?\d+/, 'n').replaceAll(/\d/g, '0');
}

function sections(text: string): Section[] {
  return text
    .split(/(?:\r?\n){2,}/)
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const [header = '', ...lines] = part.split(/\r?\n/).filter((line) => line !== '');
      const rows = lines.map((line): [string, string[]] => {
        const [name = '', ...cells] = line.match(/"[^"]*"|[^,]+|(?<=,)(?=,|$)/gu) ?? [];
        return [name, cells];
      });
      return { header, rows: new Map(rows) };
    });
}
