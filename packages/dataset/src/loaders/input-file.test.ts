import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryDirectory } from '../temporary-directory.test.support.ts';
import { isTimedInputFile, readInputFile } from './input-file.ts';
import type { InputFileConfig } from './input-file.ts';
import type { RecordedConversation } from './input-format.ts';

const UNSCHEDULED: InputFileConfig = { input: {}, phases: [{ mode: 'concurrency' }] };
const SCHEDULED: InputFileConfig = {
  input: { customDatasetType: 'mooncake_trace' },
  phases: [{ mode: 'concurrency' }, { mode: 'fixed_schedule' }],
};

async function withFile<T>(lines: readonly unknown[], use: (path: string) => Promise<T>): Promise<T> {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'trace.jsonl');
  await writeFile(path, lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'));
  return await use(path);
}

const read = (
  lines: readonly unknown[],
  config: InputFileConfig = UNSCHEDULED,
): Promise<readonly RecordedConversation[]> =>
  withFile(lines, async (path) => (await readInputFile(path, config)).conversations);

/** The message without the file's path. */
const problemsOf = (lines: readonly unknown[], config?: InputFileConfig): Promise<string> =>
  withFile(lines, async (path) => {
    try {
      await readInputFile(path, config ?? UNSCHEDULED);
    } catch (error) {
      expect(error).toMatchObject({ code: 'AIPERF_DATASET_INPUT_FILE' });
      return (error as Error).message.replaceAll(path, 'trace');
    }
    return '';
  });

const text = (fields: object = {}): object => ({ text_input: 'Hi', ...fields });

describe('a Mooncake trace', () => {
  test('is read as it was recorded', async () => {
    const message = { role: 'user', content: 'Hello' };
    const tool = { type: 'function' };
    expect(
      await read([
        { timestamp: 0, input_length: 700, output_length: 30, hash_ids: [11, 12] },
        { timestamp: 27_482.5, input_length: 512, output_length: 8, hash_ids: [11], group_id: 3 },
        '',
        { type: 'mooncake_trace', timestamp: '30000', input_length: '90', output_length: 8.0, hash_ids: [] },
        { input_length: 5, hash_ids: null, session_id: '' },
        { text_input: '', extra: { priority: 9 } },
        { messages: [message], tools: [tool], output_length: 50 },
        { payload: { prompt: 'p' } },
      ]),
    ).toEqual(
      [
        { content: { kind: 'length', tokenCount: 700, blockIds: [11, 12] }, outputTokens: 30, timestampMs: 0 },
        { content: { kind: 'length', tokenCount: 512, blockIds: [11] }, outputTokens: 8, timestampMs: 27_482.5 },
        undefined,
        { content: { kind: 'length', tokenCount: 90, blockIds: [] }, outputTokens: 8, timestampMs: 30_000 },
        { content: { kind: 'length', tokenCount: 5, blockIds: [] } },
        { content: { kind: 'text', text: '' }, extra: { priority: 9 } },
        { content: { kind: 'messages', messages: [message], tools: [tool] }, outputTokens: 50 },
        { content: { kind: 'payload', payload: { prompt: 'p' } } },
      ].flatMap((turn, index) => (turn === undefined ? [] : [{ turns: [{ lineNumber: index + 1, ...turn }] }])),
    );
  });

  test('has its sessions where they first appear, their turns in file order', async () => {
    const conversations = await read(
      [
        text({ session_id: 's-1', timestamp: 0 }),
        text({ timestamp: 5 }),
        text({ session_id: 's-2', timestamp: 5 }),
        text({ session_id: 's-1', delay: 1500 }),
        text({ session_id: 's-2', timestamp: 900, delay: 2 }),
      ],
      SCHEDULED,
    );
    expect(conversations.map(({ id, turns }) => [id, turns.map(({ lineNumber }) => lineNumber)])).toEqual([
      ['s-1', [1, 4]],
      [undefined, [2]],
      ['s-2', [3, 5]],
    ]);
    expect(conversations[0]?.turns[1]).toMatchObject({ delayMs: 1500 });
    expect(conversations[2]?.turns[1]).toMatchObject({ delayMs: 2, timestampMs: 900 });
  });

  test.for<[string, unknown, RegExp]>([
    ['an empty object', {}, /expected exactly one of input_length, text_input, messages, payload, found none of them/],
    ['a name mistyped', { input_lenght: 5 }, /found input_lenght; did you mean input_length\?/],
    ['two inputs', { input_length: 5, text_input: 'x' }, /found input_length and text_input/],
    [
      'a negative time',
      text({ timestamp: -1 }),
      /timestamp: expected a number of milliseconds of at least 0, found -1/,
    ],
    ['a time that is text', text({ timestamp: 'soon' }), /timestamp: .* found "soon"/],
    ['a negative delay', text({ delay: -5 }), /delay: .* found -5/],
    ['a delay that nothing comes before', text({ delay: 40 }), /delay: expected none on the first turn .* found 40/],
    ['a fraction of a token', { input_length: 5.5 }, /input_length: expected an integer of at least 1, found 5.5/],
    ['no token', { input_length: 0 }, /input_length: .* found 0/],
    ['no output', text({ output_length: 0 }), /output_length: expected an integer of at least 1, found 0/],
    [
      'too few ids',
      { input_length: 1100, hash_ids: [1, 2] },
      /hash_ids: expected 3, one for each block of 512 of the 1100 tokens of input_length, found 2/,
    ],
    ['too many ids', { input_length: 512, hash_ids: [1, 2] }, /hash_ids: expected 1, .* found 2/],
    [
      'an id that is no integer',
      { input_length: 5, hash_ids: [1.5] },
      /hash_ids: expected a list of integers within ±2\^53, found \[1.5\]/,
    ],
    [
      'an id that JSON numbers cannot hold',
      '{"input_length":5,"hash_ids":[9007199254740993]}',
      /hash_ids: expected a list of integers/,
    ],
    ['ids of a given text', text({ hash_ids: [1] }), /hash_ids: expected only with input_length/],
    ['tools without messages', text({ tools: [{}] }), /tools: expected only with messages/],
    ['no messages', { messages: [] }, /messages: expected a list of at least one JSON object with role, found \[\]/],
    ['a message without role', { messages: [{ content: 'x' }] }, /messages: .*with role, found \[\{"content":"x"\}\]/],
    ['another type', text({ type: 'single_turn' }), /type: expected "mooncake_trace", found "single_turn"/],
    ['extra fields that are none', text({ extra: 5 }), /extra: expected a JSON object, found 5/],
    ['a payload that is none', { payload: 'x' }, /payload: expected a JSON object, found "x"/],
    ['a session that is no string', text({ session_id: 5 }), /session_id: expected a string, found 5/],
    ['a long value, cut', text({ timestamp: 'x'.repeat(500) }), /found "x{59}…$/],
  ])('is refused with %s', async ([, line, message]) => {
    const config: InputFileConfig = { ...UNSCHEDULED, input: { customDatasetType: 'mooncake_trace' } };
    const problems = await problemsOf([text(), '', line], config);
    expect(problems).toMatch(/^trace:3: /);
    expect(problems).toMatch(message);
  });

  test('is refused when a session mixes recorded histories with turns that follow live replies', async () => {
    const message = { messages: [{ role: 'user', content: 'x' }] };
    expect(await problemsOf([text({ session_id: 'a' }), { session_id: 'a', ...message }])).toMatch(
      /^trace:2: session_id "a": expected input_length or text_input as on line 1, found messages/,
    );
  });

  test('says everything that is wrong with it, and where, but no more than 20 times', async () => {
    const problems = await problemsOf(['{', { input_length: -1, timestamp: -1 }, text(), 'null']);
    expect(problems.split('\n')).toEqual([
      '4 problems in the input file',
      expect.stringMatching(/^ {2}trace:1: expected a JSON object on one line/),
      expect.stringMatching(/^ {2}trace:2: timestamp/),
      expect.stringMatching(/^ {2}trace:2: input_length/),
      expect.stringMatching(/^ {2}trace:4: expected a JSON object, found null/),
    ]);
    const late = await problemsOf(
      [text({ timestamp: 5 }), text({ timestamp: -1 }), text({ timestamp: 3 }), '{'],
      SCHEDULED,
    );
    expect(late.split('\n').map((line) => line.split(':', 3).join(':'))).toEqual([
      '3 problems in the input file',
      '  trace:2: timestamp',
      '  trace:3: timestamp',
      '  trace:4: expected a JSON object on one line',
    ]);
    const session = { session_id: 'a' };
    const first = await problemsOf([{ ...session, timestamp: 1 }, text({ ...session, delay: 5 })], SCHEDULED);
    expect(first).toMatch(/^trace:1: expected exactly one of .*$/);
    const many = await problemsOf(Array.from({ length: 100 }, () => '[]'));
    expect(many.split('\n')).toHaveLength(22);
    expect(many).toMatch(/and 80 more$/);
  });
});

describe('an input file that is played on schedule', () => {
  test.for<[string, readonly object[], RegExp]>([
    [
      'times that go back',
      [{ timestamp: 5 }, { timestamp: 9 }, { timestamp: 7 }, { timestamp: 9 }],
      /^trace:3: timestamp: expected at least 9, as on line 2 before it, found 7/,
    ],
    [
      'a session whose times go back',
      [
        { timestamp: 5, session_id: 'a' },
        { timestamp: 3, session_id: 'a' },
      ],
      /^trace:2: timestamp: expected at least 5/,
    ],
    ['a conversation without a time', [{ timestamp: 5 }, {}], /^trace:2: timestamp: expected one on the first turn/],
  ])('is refused with %s, which another load does not mind', async ([, fields, message]) => {
    const lines = fields.map(text);
    expect(await problemsOf(lines, SCHEDULED)).toMatch(message);
    await expect(read(lines)).resolves.not.toEqual([]);
  });

  test('may have several requests at one instant, and later turns that overlap with the next session', async () => {
    const lines = [
      text({ timestamp: 0, session_id: 'a' }),
      text({ timestamp: 5000, session_id: 'a' }),
      text({ timestamp: 10, session_id: 'b' }),
      text({ timestamp: 10 }),
    ];
    await expect(read(lines, SCHEDULED)).resolves.toHaveLength(3);
  });
});

describe('an input file', () => {
  test.for<[string, readonly unknown[], boolean]>([
    ['with a time', ['', { timestamp: 0, input_length: 5 }], true],
    ['without a time', [text(), text({ timestamp: 0 })], false],
    ['with no time', [text({ timestamp: null })], false],
  ])('%s is timed: %s', async ([, lines, expected]) => {
    expect(await withFile(lines, async (path) => isTimedInputFile(path))).toBe(expected);
  });

  test.for<[string, readonly unknown[], RegExp]>([
    ['of another sort', [{ timestamp: 0 }], /the format cannot be told/],
    ['that is no JSON', ['timestamp'], /expected a JSON object on the first line/],
    ['that is empty', [], /expected a JSON object on the first line/],
  ])('%s does not tell whether it is timed', async ([, lines, message]) => {
    await withFile(lines, async (path) => expect(() => isTimedInputFile(path)).toThrow(message));
  });

  test('that is empty is refused', async () => {
    expect(await problemsOf(['', '  '])).toBe('trace: expected at least one record, the file is empty');
  });

  test('whose first record tells no format is refused with the names there are', async () => {
    expect(await problemsOf([{ question: 'Why?' }])).toMatch(
      /^trace: the format cannot be told from its first record \{"question":"Why\?"\}; --custom-dataset-type takes mooncake_trace/,
    );
  });

  test('that is not there is refused', async () => {
    await expect(readInputFile('/nonexistent/trace.jsonl', SCHEDULED)).rejects.toMatchObject({
      code: 'AIPERF_DATASET_INPUT_FILE',
      message: expect.stringContaining('ENOENT'),
    });
  });
});
