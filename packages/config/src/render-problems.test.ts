import { describe, expect, test } from 'vitest';
import { createProblem } from './config-problem.ts';
import { renderProblems } from './render-problems.ts';

describe('renderProblems', () => {
  test('one problem stands in a panel titled Error', () => {
    const problem = createProblem({ kind: 'invalid_value', options: ['--isl'], expected: 'an integer', found: '"x"' });
    expect(renderProblems([problem], 50)).toBe(
      [
        '╭─ Error ────────────────────────────────────────╮',
        '│ --isl: expected an integer, found "x".         │',
        '│                                                │',
        '│ aiperf profile --help lists every option.      │',
        '╰────────────────────────────────────────────────╯',
        '',
      ].join('\n'),
    );
  });

  test('several problems are bullets, and no line leaves the panel', () => {
    const long = createProblem({ kind: 'unexpected_word', options: [], found: `"${'x'.repeat(200)}"` });
    const short = createProblem({ kind: 'unknown_option', options: ['--a'], nearest: '--b' });
    const lines = renderProblems([long, short], 60).trimEnd().split('\n');
    expect(lines.map((line) => line.length)).toEqual(lines.map(() => 60));
    expect(lines.filter((line) => line.startsWith('│ • '))).toHaveLength(2);
  });
});
