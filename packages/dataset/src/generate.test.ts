import { describe, expect, test } from 'vitest';
import type { Conversation } from './conversation.ts';
import { generateConversations } from './generate.ts';
import type { SyntheticConfig } from './generate.ts';
import { createRandomSource } from './random.ts';
import { createBuiltinPromptGenerator } from './synthetic/prompt-generator.ts';

interface Wanted {
  readonly entries: number;
  readonly seed?: number;
  readonly models?: readonly string[];
  readonly input?: readonly [mean: number, stddev: number];
  readonly output?: readonly [mean: number, stddev: number];
  readonly conversation?: Partial<SyntheticConfig['conversation']>;
}

function generate({ entries, seed, models = ['m'], input = [20, 0], output, conversation }: Wanted): Conversation[] {
  const random = createRandomSource(seed);
  const config: SyntheticConfig = {
    endpoint: { modelNames: models },
    input: { datasetEntries: entries, ...(seed === undefined ? {} : { randomSeed: seed }) },
    conversation: {
      turnsMean: 1,
      turnsStddev: 0,
      turnDelayMeanMs: 0,
      turnDelayStddevMs: 0,
      turnDelayRatio: 1,
      ...conversation,
    },
    prompt: {
      inputTokensMean: input[0],
      inputTokensStddev: input[1],
      outputTokensStddev: output?.[1] ?? 0,
      ...(output === undefined ? {} : { outputTokensMean: output[0] }),
    },
  };
  return [...generateConversations(config, createBuiltinPromptGenerator(random), random)];
}

const turnsOf = (conversations: readonly Conversation[]) => conversations.flatMap(({ turns }) => turns);

describe('synthetic conversations', () => {
  test('are named by number with a seed, 0 included', () => {
    expect(generate({ entries: 3, seed: 0 }).map(({ id }) => id)).toEqual([
      'session_000000',
      'session_000001',
      'session_000002',
    ]);
  });

  test('are named by different UUIDs without a seed', () => {
    const ids = generate({ entries: 20 }).map(({ id }) => id);
    expect(new Set(ids).size).toBe(20);
    for (const id of ids) expect(id).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
  });

  test('are the same with the same seed and others without one', () => {
    const wanted: Wanted = { entries: 600, seed: 4, input: [30, 10], output: [10, 3] };
    expect(generate(wanted)).toEqual(generate(wanted));
    expect(turnsOf(generate({ entries: 5 }))).not.toEqual(turnsOf(generate({ entries: 5 })));
  });

  test('have one user turn each, of the length drawn', () => {
    const conversations = generate({ entries: 600, seed: 4, input: [30, 10] });
    expect(conversations).toHaveLength(600);
    for (const { turns } of conversations) {
      expect(turns).toHaveLength(1);
      expect(turns[0]?.text.split(' ')).toHaveLength(turns[0]?.inputTokens ?? -1);
      expect(turns[0]?.role).toBe('user');
    }
    expect(new Set(turnsOf(conversations).map(({ inputTokens }) => inputTokens)).size).toBeGreaterThan(20);
  });

  test('take the models in turn', () => {
    expect(turnsOf(generate({ entries: 5, models: ['a', 'b'] })).map(({ model }) => model)).toEqual([
      'a',
      'b',
      'a',
      'b',
      'a',
    ]);
  });

  test('draw an output length for each turn, and none unless asked', () => {
    const lengths = turnsOf(generate({ entries: 200, seed: 1, output: [50, 5] })).map(
      (turn) => turn.maxOutputTokens ?? 0,
    );
    expect(new Set(lengths).size).toBeGreaterThan(10);
    expect(turnsOf(generate({ entries: 3, seed: 1 })).every((turn) => !('maxOutputTokens' in turn))).toBe(true);
  });

  test('have the same prompts whatever the output lengths are', () => {
    const texts = (wanted: Wanted): string[] => turnsOf(generate(wanted)).map(({ text }) => text);
    expect(texts({ entries: 50, seed: 8, output: [50, 5] })).toEqual(texts({ entries: 50, seed: 8 }));
  });
});

describe('conversations of several turns', () => {
  const spread = { turnsMean: 3, turnsStddev: 1, turnDelayMeanMs: 200, turnDelayStddevMs: 50 };

  test('have turn counts and delays of their distributions, no delay on the first turn, and are the same with the same seed', () => {
    const wanted: Wanted = { entries: 400, seed: 2, conversation: spread, output: [10, 2] };
    const conversations = generate(wanted);
    const counts = conversations.map(({ turns }) => turns.length);
    const delays = conversations.flatMap(({ turns }) => turns.slice(1).map(({ delayMs = Number.NaN }) => delayMs));
    const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(Math.min(...counts)).toBe(1);
    expect(Math.abs(meanOf(counts) - 3)).toBeLessThan(0.25);
    expect(Math.abs(meanOf(delays) - 200)).toBeLessThan(10);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(conversations.every(({ turns }) => turns[0]?.delayMs === undefined)).toBe(true);
    for (const { text, inputTokens } of turnsOf(conversations)) expect(text.split(' ')).toHaveLength(inputTokens);
    expect(generate(wanted)).toEqual(conversations);
  });

  test('leave turn counts and prompts as they were when only the delays change', () => {
    const bare = (conversation: Wanted['conversation']): unknown =>
      generate({ entries: 100, seed: 2, ...(conversation && { conversation }) }).map(({ turns }) =>
        turns.map((turn) => ({ ...turn, delayMs: undefined })),
      );
    expect(bare({ ...spread, turnDelayStddevMs: 0, turnDelayMeanMs: 0 })).toEqual(bare(spread));
  });

  test.for([
    [1, 200],
    [2.5, 500],
    [0, undefined],
  ] as const)('with a delay ratio of %d wait %s ms', ([turnDelayRatio, expected]) => {
    const conversation = { turnsMean: 2, turnDelayMeanMs: 200, turnDelayRatio };
    const delays = generate({ entries: 3, seed: 2, conversation }).map(({ turns }) => turns[1]?.delayMs);
    expect(delays).toEqual([expected, expected, expected]);
  });

  test('take the models in turn across conversations', () => {
    const turns = turnsOf(generate({ entries: 2, models: ['a', 'b'], conversation: { turnsMean: 3 } }));
    expect(turns.map(({ model }) => model)).toEqual(['a', 'b', 'a', 'b', 'a', 'b']);
  });
});
