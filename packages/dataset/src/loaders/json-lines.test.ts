import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../temporary-directory.test.support.ts';
import { InputProblems } from './input-problems.ts';
import { readFirstRecord, readJsonLines } from './json-lines.ts';
import type { JsonLine } from './json-lines.ts';

interface Outcome {
  readonly lines: readonly JsonLine[];
  readonly problems: InputProblems;
}

async function read(content: string | Uint8Array): Promise<Outcome & { readonly first: unknown }> {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'input.jsonl');
  await writeFile(path, content);
  const problems = new InputProblems('input.jsonl');
  const lines: JsonLine[] = [];
  for await (const some of readJsonLines(path, problems)) lines.push(...some);
  return { lines, problems, first: readFirstRecord(path) };
}

describe('JSON lines', () => {
  test('are numbered as an editor does, whatever is between them', async () => {
    const line = fc.oneof(
      fc.constantFrom('', '  ', '\t'),
      fc
        .dictionary(fc.string({ maxLength: 5 }), fc.string({ unit: 'grapheme', maxLength: 20 }))
        .map((record) => JSON.stringify(record)),
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { maxLength: 12 }),
        fc.constantFrom('\n', '\r\n'),
        fc.constantFrom('', '\uFEFF'),
        async (all, end, mark) => {
          const { lines, problems, first } = await read(`${mark}${all.join(end)}`);
          const expected = all.flatMap((text, index) =>
            text.trim() === '' ? [] : [{ lineNumber: index + 1, record: JSON.parse(text) }],
          );
          expect(lines).toEqual(expected);
          expect(problems.count).toBe(0);
          expect(first).toEqual(expected[0]?.record);
        },
      ),
      { numRuns: 60 },
    );
  });

  test('may be longer than what is read at a time', async () => {
    const long = { text: 'é'.repeat(1_500_000) };
    const all = [{ a: 1 }, long, long, { b: 2 }];
    const { lines } = await read(all.map((record) => JSON.stringify(record)).join('\n'));
    expect(lines.map(({ record }) => record)).toEqual(all);
    expect((await read(`\n\n${JSON.stringify(long)}\n`)).first).toEqual(long);
  });

  test.for<[string, string | Uint8Array, RegExp]>([
    ['no JSON', '{"a":1}\n{"a":', /^input.jsonl:2: expected a JSON object on one line/],
    ['no object', '{"a":1}\n\n[1]\n', /^input.jsonl:3: expected a JSON object, found \[1\]/],
    ['not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]), /^input.jsonl:1: expected UTF-8/],
  ])('that are %s are named', async ([, content, message]) => {
    const { problems } = await read(content);
    expect(problems.count).toBe(1);
    expect(() => problems.throwIfAny()).toThrow(message);
  });

  test('of a file that is not there are an error that names the option', () => {
    expect(() => readFirstRecord('/nonexistent/trace.jsonl')).toThrow(
      expect.objectContaining({
        code: 'AIPERF_DATASET_INPUT_FILE',
        message: expect.stringMatching(/--input-file: cannot read \/nonexistent\/trace.jsonl.*ENOENT/),
      }),
    );
  });
});
