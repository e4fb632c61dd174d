import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Timeline } from '@aiperf/records';
import {
  chunk,
  DONE,
  fastParser,
  FINISH,
  plainParser,
  snapshot,
  streamTimeline,
} from './parser-fixture.test.support.ts';

const fast = fastParser();
const slow = plainParser();

function expectSame(timeline: Timeline): void {
  expect(snapshot(fast.parseResponse({ timeline }))).toStrictEqual(snapshot(slow.parseResponse({ timeline })));
}

const text = fc.oneof(
  fc.constantFrom(
    '',
    ' the',
    'a\nb',
    '"',
    '\\',
    '\\"',
    'content":"',
    'tab\t',
    '\u0000',
    '\u2028',
    '你',
    '🙂',
    '\ud83d',
    '\ude42',
    'é',
  ),
  fc.string({ maxLength: 5 }),
);

/** JSON as servers write it: compact, spaced, or with everything beyond ASCII escaped. */
type Writer = (value: unknown) => string;
const writer: fc.Arbitrary<Writer> = fc.constantFrom<Writer>(
  (value) => JSON.stringify(value),
  (value) => JSON.stringify(value, null, 1).replaceAll('\n', ' '),
  (value) =>
    JSON.stringify(value).replaceAll(
      /[\u007f-\uffff]/gu,
      (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
    ),
  (value) => JSON.stringify(value).replaceAll('/', '\\/'),
);

/** Deltas of a stream that is mostly of one kind, with everything else strewn in. */
const delta = fc.oneof(
  { weight: 12, arbitrary: text.map((content) => ({ content })) },
  { weight: 3, arbitrary: text.map((reasoning_content) => ({ reasoning_content })) },
  { weight: 1, arbitrary: text.map((reasoning) => ({ reasoning, content: null })) },
  { weight: 1, arbitrary: fc.tuple(text, text).map(([content, reasoning]) => ({ content, reasoning })) },
  { weight: 1, arbitrary: fc.tuple(text, text).map(([a, b]) => ({ reasoning_content: a, reasoning: b })) },
  { weight: 1, arbitrary: text.map((content) => ({ role: 'assistant', content })) },
  { weight: 1, arbitrary: text.map((args) => ({ tool_calls: [{ function: { arguments: args, content: 'x' } }] })) },
  { weight: 1, arbitrary: fc.constant({}) },
);
const extra = fc.oneof(
  { weight: 10, arbitrary: fc.constant({}) },
  { weight: 1, arbitrary: fc.nat(3).map((created) => ({ created })) },
  { weight: 1, arbitrary: fc.nat(3).map((completion_tokens) => ({ usage: { completion_tokens } })) },
  { weight: 1, arbitrary: text.map((content) => ({ content, note: 'é' })) },
  { weight: 1, arbitrary: fc.constant({ error: null }) },
);
const index = fc.constantFrom(0, 0, 0, 0, 0, 1);
const lineEnd = fc.constantFrom('\n\n', '\n\n', '\n\n', '\r\n\r\n', '\r\r', '\n\r\n', '\n: comment\n\n', '\nid: 1\n\n');
const event = fc
  .tuple(delta, extra, index, lineEnd)
  .map(([delta, extra, index, lineEnd]) => ({ value: { ...extra, choices: [{ index, delta }] }, lineEnd }));

const stream = fc
  .tuple(fc.array(event, { minLength: 1, maxLength: 40 }), writer, fc.boolean())
  .map(([events, write, isEnded]) =>
    Buffer.from(
      events.map(({ value, lineEnd }) => `data: ${write(value)}${lineEnd}`).join('') + (isEnded ? FINISH + DONE : ''),
    ),
  );

function inPieces(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = [];
  let start = 0;
  for (const length of lengths) {
    if (start >= bytes.length) break;
    pieces.push(bytes.subarray(start, start + length));
    start += length;
  }
  if (start < bytes.length) pieces.push(bytes.subarray(start));
  return pieces;
}

const lengths = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 20 });

test('the fast path gives what the slow one gives, in any split', () => {
  fc.assert(
    fc.property(stream, lengths, (bytes, lengths) => {
      expectSame(streamTimeline(inPieces(bytes, lengths)));
    }),
    { numRuns: 600 },
  );
});

test('so it does when bytes are damaged', () => {
  const damage = fc.array(
    fc.tuple(fc.nat(), fc.constantFrom(0x00, 0x0a, 0x0d, 0x22, 0x5c, 0x80, 0xc3, 0xff, 0x7d, 0x61)),
    {
      minLength: 1,
      maxLength: 6,
    },
  );
  fc.assert(
    fc.property(stream, damage, (bytes, damage) => {
      for (const [offset, byte] of damage) bytes[offset % bytes.length] = byte;
      expectSame(streamTimeline([bytes]));
    }),
    { numRuns: 600 },
  );
});

test('so it does when the stream is cut anywhere', () => {
  const body = Buffer.from([1, 2, 3, 4].map((n) => chunk({ content: ` ${n}é` })).join('') + FINISH);
  for (let length = 0; length <= body.length; length++) expectSame(streamTimeline([body.subarray(0, length)]));
  expect.hasAssertions();
});

test('a character that two events share is mended by neither', () => {
  const [before = '', after = ''] = chunk({ content: '#' }).split('#');
  const event = (...bytes: number[]): Buffer =>
    Buffer.concat([Buffer.from(before), Buffer.from(bytes), Buffer.from(after)]);
  const timeline = streamTimeline([
    event(0x61),
    event(0x62),
    event(0x63),
    event(0xc3),
    event(0xa9),
    event(0x64),
    FINISH,
  ]);
  expectSame(timeline);
  expect(fast.parseResponse({ timeline }).answer.text).toBe('abc\uFFFD\uFFFDd');
});

test('the fast path is taken where events are alike', () => {
  const filler = 'x'.repeat(1000);
  const body = Buffer.from(
    Array.from({ length: 2000 }, (_, i) => chunk({ content: `${i} ` }, { filler })).join('') + FINISH,
  );
  const original = JSON.parse;
  let parsedCount = 0;
  JSON.parse = (...parameters) => {
    parsedCount++;
    return original(...parameters) as unknown;
  };
  try {
    expect(fast.parseResponse({ timeline: streamTimeline([body]) }).contentEventCount).toBe(2000);
  } finally {
    JSON.parse = original;
  }
  expect(parsedCount).toBeLessThan(10);
});

test.for<[what: string, raw: string]>([
  ['a raw line feed', 'x\ny'],
  ['a raw tab', 'x\ty'],
  ['a raw zero byte', 'x\0y'],
  ['an unknown escape', String.raw`x\qy`],
  ['an unfinished escape', '\\'],
  ['a quote too many', '"'],
])('%s in the string is refused by both', ([, raw]) => {
  const [before = '', after = ''] = chunk({ content: '#' }).split('#');
  const known = chunk({ content: 'a' });
  const timeline = streamTimeline([known, known, known, before + raw + after, known, FINISH]);
  expectSame(timeline);
  expect(fast.parseResponse({ timeline }).error?.code).toBe('invalid_response');
});

test('a string of the same name and value elsewhere is not taken for the content', () => {
  const event = (content: string, deltaContent: string): string =>
    `data: ${JSON.stringify({ content, choices: [{ index: 0, delta: { content: deltaContent } }] })}\n\n`;
  const timeline = streamTimeline([event('a', 'a'), event('a', 'a'), event('b', 'a'), event('a', 'b'), FINISH]);
  expectSame(timeline);
  expect(fast.parseResponse({ timeline }).answer.text).toBe('aaab');
});

test('of a name that is there twice the last one counts', () => {
  const event = (first: string, last: string): string =>
    `data: {"choices":[{"index":0,"delta":{"content":"${first}","content":"${last}"}}]}\n\n`;
  const timeline = streamTimeline([event('a', 'a'), event('a', 'a'), event('b', 'a'), event('a', 'b'), FINISH]);
  expectSame(timeline);
  expect(fast.parseResponse({ timeline }).answer.text).toBe('aaab');
});
