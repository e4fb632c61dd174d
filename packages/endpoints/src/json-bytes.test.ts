import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { EndpointsError } from './endpoints-error.ts';
import { findArray } from './json-bytes.ts';

function found(json: string): string {
  const bytes = Buffer.from(json);
  const { start, end } = findArray(bytes, 'messages');
  return bytes.toString('utf8', start, end);
}

test.for([
  ['first', '{"messages":[1,2],"model":"m"}', '1,2'],
  ['last', '{"model":"m","n":1,"stream":true,"messages":[{"a":[1]}]}', '{"a":[1]}'],
  ['with spaces', ' {\n "model" : "m" ,\t"messages" : [ 1 ] } ', ' 1 '],
  ['empty', '{"messages":[]}', ''],
  ['after a string with quotes and backslashes', '{"a":"\\"]}\\\\","messages":[3]}', '3'],
  ['with brackets in strings', '{"messages":[{"content":"]}\\"["}],"b":{}}', '{"content":"]}\\"["}'],
  ['with an escaped name', '{"\\u006dessages":[4]}', '4'],
  ['the later of two', '{"messages":[1],"messages":[2]}', '2'],
  ['not one that is inside another value', '{"x":{"messages":[1]},"messages":[2]}', '2'],
] as const)('%s', ([, json, expected]) => {
  expect(found(json)).toBe(expected);
});

test.for([
  ['no such array', '{"model":"m"}'],
  ['another type', '{"messages":"hello"}'],
  ['the later of two has another type', '{"messages":[1],"messages":null}'],
  ['only inside another value', '{"x":{"messages":[1]}}'],
  ['no object', '[1,2]'],
  ['nothing', ''],
  ['no JSON', '{"messages"'],
] as const)('refused: %s', ([, json]) => {
  expect(() => found(json)).toThrow(EndpointsError);
});

test('what is found in any object is what a JSON parser finds', () => {
  const value = fc.jsonValue({ maxDepth: 3 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string(), value), { maxLength: 4 }),
      fc.array(value, { maxLength: 4 }),
      fc.nat({ max: 4 }),
      fc.constantFrom(undefined, 1, '\t'),
      (entries, messages, position, indent) => {
        const object = Object.fromEntries(
          entries.toSpliced(position, 0, ['messages', messages]).filter(([key]) => key !== '__proto__'),
        );
        object['messages'] = messages;
        const json = JSON.stringify(object, undefined, indent);
        expect(JSON.parse(`[${found(json)}]`)).toEqual(JSON.parse(JSON.stringify(messages)));
      },
    ),
  );
});
