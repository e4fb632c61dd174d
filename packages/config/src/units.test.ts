import { describe, expect, test } from 'vitest';
import { parseDecimal, parseDurationSec } from './units.ts';

describe('parseDurationSec', () => {
  test.for([
    ['30', 30, 'a plain number is seconds'],
    ['30s', 30, 'seconds'],
    ['30 s', 30, 'a blank before the unit'],
    ['2m', 120, 'minutes'],
    ['2min', 120, 'minutes, longer'],
    ['1.5h', 5400, 'hours with a fraction'],
    ['500ms', 0.5, 'milliseconds'],
    ['70MS', 0.07, 'no rounding noise, any case'],
    ['.5', 0.5, 'no leading zero'],
    ['1e2', 100, 'exponent'],
    ['-3', -3, 'negative, for bounds to refuse'],
    ['inf', Number.POSITIVE_INFINITY, 'no limit'],
    ['', undefined, 'nothing'],
    ['s', undefined, 'a unit alone'],
    ['3 weeks', undefined, 'an unknown unit'],
    ['3constructor', undefined, 'a name of every object'],
    ['30,60', undefined, 'a list'],
    ['0x10', undefined, 'hexadecimal'],
    ['nan', undefined, 'not a number'],
  ] as const)('%s is %s: %s', ([text, sec]) => {
    expect(parseDurationSec(text)).toBe(sec);
  });
});

describe('parseDecimal', () => {
  test.for([
    ['12', 12],
    ['-12.5', -12.5],
    ['1_000', 1000],
    ['2.0', 2],
    ['1e3', 1000],
    ['', undefined],
    ['_1', undefined],
    ['1_', undefined],
    ['inf', undefined],
    ['NaN', undefined],
    ['0x1f', undefined],
    ['1,2', undefined],
  ] as const)('%s is %s', ([text, value]) => {
    expect(parseDecimal(text)).toBe(value);
  });
});
