import { expect, test } from 'vitest';
import { Checks } from './checks.ts';
import { jsonLeaves } from './json-leaves.ts';

test('counts what was compared and keeps each difference once', () => {
  const checks = new Checks();
  checks.same('a', [1], [1]);
  checks.same('b', 1, 2);
  checks.same('b', 3, 4);
  checks.holds('c', false, 'more', 'less');
  expect(checks.compared).toBe(4);
  expect(checks.differences).toEqual([
    { id: 'b', theirs: '1', ours: '2' },
    { id: 'c', theirs: 'more', ours: 'less' },
  ]);
});

test('names that one side lacks are differences, those of both are returned', () => {
  const checks = new Checks();
  expect(checks.members('k', ['a', 'b'], ['b', 'c'])).toEqual(['b']);
  expect(checks.differences.map(({ id }) => id)).toEqual(['k/missing/a', 'k/extra/c']);
});

test('order is that of the names on both sides', () => {
  const checks = new Checks();
  checks.order('same', ['a', 'x', 'b'], ['a', 'b', 'y']);
  checks.order('other', ['a', 'b'], ['b', 'a']);
  expect(checks.differences.map(({ id }) => id)).toEqual(['other']);
});

test('leaves keep how a number was written', () => {
  const leaves = jsonLeaves('{"a":[{"b":1,"c":1.0}],"d":1e3,"e":null,"f":{},"g":"1","h":true}');
  expect([...leaves].map(([path, { kind }]) => `${path} ${kind}`)).toEqual([
    'a[0].b int',
    'a[0].c float',
    'd float',
    'e null',
    'f empty',
    'g string',
    'h boolean',
  ]);
  expect(leaves.get('d')?.value).toBe(1000);
});
