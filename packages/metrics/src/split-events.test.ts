import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitEvents, type EventField } from './split-events.ts';

function fieldsOf(text: string, readLengths: readonly number[] = [Buffer.byteLength(text)]): EventField[] {
  const body = Buffer.from(text);
  const fields: EventField[] = [];
  const lengths = Uint32Array.from(readLengths);
  splitEvents({ body, bodyLength: body.length, readLengths: lengths, readCount: lengths.length }, (field) => {
    fields.push(field);
  });
  return fields;
}

const names = (text: string): string[] =>
  fieldsOf(text).map(({ eventIndex, name, value }) => `${eventIndex} ${name}=${value}`);

test.for<[string, string, string[]]>([
  ['events and their fields', 'event: a\ndata: 1\n\ndata: 2\n\n', ['0 event=a', '0 data=1', '1 data=2']],
  ['one space is no part of a value', 'data:x\ndata:  y\n\n', ['0 data=x', '0 data= y']],
  ['several lines of data stay several', 'data: 1\ndata: 2\n\n', ['0 data=1', '0 data=2']],
  ['comments', ': ping\n\ndata: [DONE]\n\n', ['0 comment=ping', '1 data=[DONE]']],
  ['carriage returns', 'data: 1\r\n\r\ndata: 2\r\rdata: 3', ['0 data=1', '1 data=2', '2 data=3']],
  ['an event that was cut off', 'data: {"a"', ['0 data={"a"']],
  ['a field without a colon', 'data\n\n', ['0 data=']],
  ['empty lines between events', '\n\ndata: 1\n\n\n\ndata: 2\n\n', ['0 data=1', '1 data=2']],
  ['a byte order mark', '\uFEFFdata: 1\n\n', ['0 data=1']],
  ['nothing', '', []],
])('%s', ([, text, expected], { expect }) => {
  expect(names(text)).toEqual(expected);
});

test('an event has the read that brought its first byte', () => {
  const text = 'data: 1\n\ndata: 2\n\ndata: 3\n\n';
  // The second event begins in the first read, and the third one exactly with the third.
  expect(fieldsOf(text, [10, 8, 9]).map(({ readIndex }) => readIndex)).toEqual([0, 0, 2]);
});

test('lines of events come back as they were, wherever reads cut them', () => {
  const line = fc.stringMatching(/^[a-z é✓{}"]{0,12}$/u).filter((value) => !value.startsWith(' '));
  const events = fc.array(fc.array(line, { minLength: 1, maxLength: 3 }), { maxLength: 6 });
  fc.assert(
    fc.property(events, fc.constantFrom('\n', '\r\n', '\r'), fc.array(fc.nat(40)), (data, eol, cuts) => {
      const text = data.map((lines) => `${lines.map((value) => `data: ${value}${eol}`).join('')}${eol}`).join('');
      const total = Buffer.byteLength(text);
      const ends = [...new Set([...cuts.filter((cut) => cut < total && cut > 0), total])].toSorted((a, b) => a - b);
      const lengths = ends.map((end, i) => end - (ends[i - 1] ?? 0));
      const fields = fieldsOf(text, lengths);
      const seen = data.map((_, index) =>
        fields.filter(({ eventIndex }) => eventIndex === index).map(({ value }) => value),
      );
      expect(seen).toEqual(data);
      expect(fields.every(({ readIndex }, i) => readIndex >= (fields[i - 1]?.readIndex ?? 0))).toBe(true);
    }),
  );
});
