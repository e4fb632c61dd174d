import type { ConfigProblem } from './config-problem.ts';
import { wrapText } from './text-layout.ts';

/** A bordered panel titled "Error" with one entry a problem. Ends with a line break. */
export function renderProblems(problems: readonly ConfigProblem[], columns: number): string {
  const width = Math.max(40, Math.min(columns, 120));
  const inner = width - 4;
  const bullet = problems.length > 1 ? '• ' : '';
  const rows = problems.flatMap(({ message }) =>
    wrapText(message, inner - bullet.length).map((line, index) =>
      index === 0 ? `${bullet}${line}` : `${' '.repeat(bullet.length)}${line}`,
    ),
  );
  const hint = wrapText('aiperf profile --help lists every option.', inner);
  const body = [...rows, '', ...hint].map((line) => `│ ${line.padEnd(inner)} │`);
  const top = `╭─ Error ${'─'.repeat(width - 10)}╮`;
  return `${[top, ...body, `╰${'─'.repeat(width - 2)}╯`].join('\n')}\n`;
}
