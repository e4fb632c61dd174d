import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { DONE, fastParser, plainParser, snapshot, streamTimeline } from '../chat/parser-fixture.test.support.ts';

const slow = plainParser();

function expectSameAsSlow(fast: ReturnType<typeof fastParser>, reads: readonly (string | Uint8Array)[]): void {
  const timeline = streamTimeline(reads);
  expect(snapshot(fast.parseResponse({ timeline }))).toStrictEqual(snapshot(slow.parseResponse({ timeline })));
}

/** What follows the id; few enough for responses to have many in common. */
const TAILS = [
  '"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}',
  '"choices":[{"index":0,"delta":{"content":" the"},"finish_reason":null}]}',
  '"choices":[{"index":0,"delta":{"content":" the"},"finish_reason":"length"}]}',
  '"choices":[{"index":1,"delta":{"content":" of"},"finish_reason":"stop"}]}',
  '"choices":[{"index":0,"delta":{"reasoning_content":"é"},"finish_reason":null}]}',
  '"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"name":"f","arguments":"{}"}}]}}]}',
  '"choices":[{"index":0,"delta":{"content":"a"}},{"index":1,"delta":{"content":"b"}}],"usage":{"completion_tokens":1}}',
  '"choices":[],"usage":{"prompt_tokens":3,"total_tokens":4,"completion_tokens":1}}',
  '"id":"again","choices":[]}',
  '"choices":[],"id":["',
  '"error":{"message":"no"},"choices":[]}',
  '"object":"error"}',
];
/** Between the id's name and its end, quotes included; the last ones are no JSON. */
const ID_HEADS = ['{"id":"', '{"id":"', '{"id":"', '{"id": "', '{ "id":"', '{"created":1,"id":"', '{"ids":"'];
const IDS = [
  'a',
  'chatcmpl-0000000000000001',
  'x'.repeat(300),
  '',
  String.raw`q\"`,
  String.raw`\u0041`,
  String.raw`\\`,
  'é',
  '","choices":[{"index":0,"delta":{"content":"!"}}],"x":"',
  '\\',
  '\\x',
  '\t',
];
const LINE_ENDS = [
  '\n\n',
  '\n\n',
  '\n\n',
  '\n\n',
  '\n\n',
  '\r\n\r\n',
  '\r\n\n',
  '\n\r\n',
  '\nevent: error\n\n',
  '\n: note\n\n',
  '\n',
];
const BEGINS = [
  'data: ',
  'data: ',
  'data: ',
  'data: ',
  'data:',
  ': note\ndata: ',
  '\n\ndata: ',
  'event: error\ndata: ',
  'data:  ',
];

const event = fc
  .tuple(
    fc.constantFrom(...BEGINS),
    fc.constantFrom(...ID_HEADS),
    fc.constantFrom(...TAILS),
    fc.constantFrom(...LINE_ENDS),
  )
  .map(
    ([begin, head, tail, lineEnd]) =>
      (id: string) =>
        `${begin}${head}${id}",${tail}${lineEnd}`,
  );
/** Several responses made of the same few events, each with its own id. */
const responses = fc.tuple(fc.array(event, { minLength: 1, maxLength: 5 }), fc.boolean()).chain(([events, isEnded]) =>
  fc
    .array(
      fc.tuple(
        fc.oneof(
          { weight: 3, arbitrary: fc.string({ maxLength: 40 }) },
          { weight: 2, arbitrary: fc.constantFrom(...IDS) },
        ),
        fc.array(fc.nat(events.length - 1), { maxLength: 2 }),
        fc.nat(20),
      ),
      { minLength: 2, maxLength: 6 },
    )
    .map((each) =>
      each.map(([id, dropped, cutBytes]) => {
        const kept = events.filter((_, i) => !dropped.includes(i));
        const body = Buffer.from(kept.map((write) => write(id)).join('') + (isEnded ? DONE : ''));
        return cutBytes < 5 ? body.subarray(0, body.length - cutBytes) : body;
      }),
    ),
);

test('responses with events in common give what the slow path gives', () => {
  fc.assert(
    fc.property(responses, (bodies) => {
      const fast = fastParser();
      for (const body of bodies) expectSameAsSlow(fast, [body]);
    }),
    { numRuns: 2000 },
  );
});

test('so they do when bytes of the later ones are damaged, whatever the reads', () => {
  const damage = fc.array(fc.tuple(fc.nat(), fc.constantFrom(0x00, 0x0a, 0x0d, 0x22, 0x5c, 0x80, 0xff, 0x7d, 0x61)), {
    maxLength: 3,
  });
  fc.assert(
    fc.property(responses, damage, fc.nat(), (bodies, damage, cut) => {
      const fast = fastParser();
      for (const [i, body] of bodies.entries()) {
        const bytes = Buffer.from(body);
        for (const [offset, byte] of i === 0 ? [] : damage) if (bytes.length > 0) bytes[offset % bytes.length] = byte;
        const middle = cut % (bytes.length + 1);
        expectSameAsSlow(fast, [bytes.subarray(0, middle), bytes.subarray(middle)]);
      }
    }),
    { numRuns: 1000 },
  );
});

function answer(id: string, created: number): string {
  const head = `data: {"id":${JSON.stringify(id)},"object":"chat.completion.chunk","created":${created},`;
  return [0, 2, 7].map((tail) => `${head}${TAILS[tail]}\n\n`).join('') + DONE;
}

function countParsed(run: () => void): number {
  const original = JSON.parse;
  let parsedCount = 0;
  JSON.parse = (...parameters) => {
    parsedCount++;
    return original(...parameters) as unknown;
  };
  try {
    run();
  } finally {
    JSON.parse = original;
  }
  return parsedCount;
}

test.for<[what: string, parsedCount: number, ids: readonly string[], createds: readonly number[]]>([
  ['the same id', 3, ['a', 'a', 'a'], [1]],
  ['ids of any length', 3, ['a', 'chatcmpl-12345', 'b'.repeat(200)], [1]],
  ['ids with escapes, which are read as ever', 9, ['a', 'a"', 'a\\', 'a'], [1]],
  ['a new second', 6, ['a', 'b', 'c', 'd'], [1, 1, 2, 2]],
])('events in common are read once: %s', ([, parsedCount, ids, createds]) => {
  const fast = fastParser();
  const timelines = ids.map((id, i) => streamTimeline([answer(id, createds[i % createds.length] ?? 0)]));
  const parsed = countParsed(() => {
    for (const timeline of timelines) {
      const response = fast.parseResponse({ timeline });
      expect(response.error).toBeUndefined();
      expect(response.answer.text).toBe(' the');
      expect(response.usage).toStrictEqual({ promptTokens: 3, totalTokens: 4, completionTokens: 1 });
      expect(response.eventCount).toBe(4);
    }
  });
  expect(parsed).toBe(parsedCount);
});

test('events that are never alike are soon no longer remembered, and found again when they are', () => {
  const fast = fastParser();
  for (let i = 0; i < 100; i++) expectSameAsSlow(fast, [answer(`id-${i}`, i)]);
  const timelines = Array.from({ length: 40 }, (_, i) => streamTimeline([answer(`id-${i}`, 7)]));
  expect(countParsed(() => timelines.forEach((timeline) => fast.parseResponse({ timeline })))).toBeLessThan(60);
});
