import { describe, expect, test } from 'vitest';
import { applyKnownDifferences, parseKnownDifferences } from './known-differences.ts';

const SCENARIOS = ['chat', 'rate'];

describe('parseKnownDifferences', () => {
  test('reads lines, skips comments, and keeps separators in a reason', () => {
    expect(parseKnownDifferences('# why\n\nchat, rate | a/b c | because | of\n', SCENARIOS)).toEqual([
      { scenarios: ['chat', 'rate'], id: 'a/b c', reason: 'because | of', line: 3 },
    ]);
  });

  test('a star means every scenario, braces mean every choice', () => {
    const ids = parseKnownDifferences('* | {x,y}/z{1,2} | r', SCENARIOS).map(({ scenarios, id }) => [scenarios, id]);
    expect(ids).toEqual(['x/z1', 'x/z2', 'y/z1', 'y/z2'].map((id) => [[], id]));
  });

  test.for([
    ['chat | id', 'line 1: expected SCENARIOS | ID | REASON'],
    ['# \n* |  | reason', 'line 2: expected SCENARIOS | ID | REASON'],
    ['chatt | id | reason', 'there is no scenario chatt'],
  ] as const)('refuses %j', ([text, message]) => {
    expect(() => parseKnownDifferences(text, SCENARIOS)).toThrow(message);
  });
});

test('a difference is known or new, and a line without its difference is stale', () => {
  const known = parseKnownDifferences('* | a | r\nchat | {b,c} | r\nrate | d | r', SCENARIOS);
  const found = ['a', 'b', 'd'].map((id) => ({ id, theirs: '', ours: '' }));
  const verdict = applyKnownDifferences('chat', found, known);
  expect(verdict.known.map(({ id }) => id)).toEqual(['a', 'b']);
  // A line for another scenario allows nothing here, and is not missed here.
  expect(verdict.unlisted.map(({ id }) => id)).toEqual(['d']);
  expect(verdict.stale.map(({ id, line }) => [id, line])).toEqual([['c', 2]]);
});
