import { describe, expect, test } from 'vitest';
import type { Conversation } from './conversation.ts';
import type { RecordedConversation, RecordedTurn } from './loaders/input-format.ts';
import { createRandomSource } from './random.ts';
import { hasOwnTexts, makeRecordedConversations } from './recorded-conversations.ts';
import { createBuiltinPromptGenerator } from './synthetic/prompt-generator.ts';

interface Wanted {
  readonly seed?: number;
  readonly models?: readonly string[];
  readonly turnDelayRatio?: number;
}

function make(recorded: readonly RecordedConversation[], wanted: Wanted = {}): Conversation[] {
  const { seed, models = ['m'], turnDelayRatio = 1 } = wanted;
  const config = {
    endpoint: { modelNames: models },
    input: seed === undefined ? {} : { randomSeed: seed },
    conversation: { turnDelayRatio },
  };
  const prompts = createBuiltinPromptGenerator(createRandomSource(seed));
  const countAll = (texts: readonly string[]): number[] =>
    texts.map((text) => (text === '' ? 0 : text.split(' ').length));
  return [...makeRecordedConversations(recorded, config, { prompts, blockSizeTokens: 512, countAll })];
}

const one = (turn: Omit<RecordedTurn, 'lineNumber'>, id?: string): RecordedConversation => ({
  turns: [{ lineNumber: 1, ...turn }],
  ...(id === undefined ? {} : { id }),
});
const made = (tokenCount: number, blockIds: readonly number[] = []) =>
  ({ kind: 'length', tokenCount, blockIds }) as const;
const wordsOf = (conversation: Conversation | undefined): string[] => conversation?.turns[0]?.text.split(' ') ?? [];

describe('recorded conversations', () => {
  test('get prompts of exactly their length, which share what the trace shared', () => {
    const recorded = [made(700, [1, 2]), made(1500, [1, 3, 4]), made(90)].map((content) => one({ content }));
    const conversations = make(recorded, { seed: 5 });
    const words = conversations.map(wordsOf);
    expect(words.map(({ length }) => length)).toEqual([700, 1500, 90]);
    expect(conversations.map(({ turns }) => turns[0]?.inputTokens)).toEqual([700, 1500, 90]);
    expect(words[1]?.slice(0, 512)).toEqual(words[0]?.slice(0, 512));
    expect(words[1]?.[512]).not.toBe(words[0]?.[512]);
    expect(make(recorded, { seed: 5 })).toEqual(conversations);
    expect(make(recorded, { seed: 6 })).not.toEqual(conversations);
  });

  test('keep their texts, whose tokens are counted', () => {
    const messages = [
      { role: 'system', content: 'Be brief' },
      { role: 'user', content: [{ type: 'text', text: 'What is this' }, { type: 'image_url' }] },
    ];
    const contents = [
      { kind: 'text', text: 'a b c' },
      { kind: 'messages', messages, tools: [{ a: 1 }] },
      { kind: 'payload', payload: { messages } },
      { kind: 'payload', payload: { prompt: ['a b', 'c'] } },
      { kind: 'payload', payload: { input: 5 } },
    ] as const;
    const turns = make(contents.map((content) => one({ content }))).map((conversation) => conversation.turns[0]);
    expect(turns).toEqual([
      { role: 'user', model: 'm', text: 'a b c', inputTokens: 3 },
      { role: 'user', model: 'm', text: '', messages, tools: [{ a: 1 }], inputTokens: 5 },
      { role: 'user', model: 'm', text: '', payload: { messages }, inputTokens: 5 },
      { role: 'user', model: 'm', text: '', payload: { prompt: ['a b', 'c'] }, inputTokens: 3 },
      { role: 'user', model: 'm', text: '', payload: { input: 5 }, inputTokens: 0 },
    ]);
    expect(hasOwnTexts([one({ content: made(5) }), one({ content: contents[0] })])).toBe(true);
    expect(hasOwnTexts([one({ content: made(5) })])).toBe(false);
  });

  test('keep times, output lengths and fields; delays are multiplied', () => {
    const turns: RecordedTurn[] = [
      { lineNumber: 1, content: made(5), timestampMs: 27.5, outputTokens: 9, extra: { a: 1 }, delayMs: 0 },
      { lineNumber: 2, content: made(5), delayMs: 100 },
    ];
    const expected = [{ timestampMs: 27.5, maxOutputTokens: 9, extra: { a: 1 } }, { delayMs: 250 }];
    const [conversation] = make([{ turns }], { turnDelayRatio: 2.5 });
    expect(conversation?.turns).toMatchObject(expected);
    expect(conversation?.turns.map((turn) => 'delayMs' in turn)).toEqual([false, true]);
    const [atOnce] = make([{ turns }], { turnDelayRatio: 0 });
    expect(atOnce?.turns.map((turn) => 'delayMs' in turn)).toEqual([false, false]);
  });

  test('keep their names; others are numbered past them with a seed, and UUIDs without', () => {
    const recorded = [undefined, 'mine', 'session_000001', undefined, undefined].map((id) =>
      one({ content: made(1) }, id),
    );
    expect(make(recorded, { seed: 0 }).map(({ id }) => id)).toEqual([
      'session_000000',
      'mine',
      'session_000001',
      'session_000002',
      'session_000003',
    ]);
    expect(make(recorded)[0]?.id).toMatch(/^[\da-f-]{36}$/);
  });

  test('take the models in turn, over more turns than are made at a time', () => {
    const recorded = Array.from({ length: 150 }, () => ({
      turns: [1, 2, 3].map((lineNumber) => ({ lineNumber, content: made(2) })),
    }));
    const turns = make(recorded, { models: ['a', 'b'] }).flatMap((conversation) => conversation.turns);
    expect(turns).toHaveLength(450);
    expect(turns.every(({ model }, index) => model === (index % 2 === 0 ? 'a' : 'b'))).toBe(true);
    expect(new Set(turns.map(({ text }) => text)).size).toBe(450);
  });
});
