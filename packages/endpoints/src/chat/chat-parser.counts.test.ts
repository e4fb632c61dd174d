import { expect, test } from 'vitest';
import { chunk, DONE, fastParser, FINISH, streamTimeline } from './parser-fixture.test.support.ts';

const parser = fastParser();

function counts(reads: readonly string[]): object {
  const { firstContentTokens, specDecoding, usage } = parser.parseResponse({ timeline: streamTimeline(reads) });
  return { firstContentTokens, specDecoding, usage };
}

const usage = (completionTokens: number): object => ({
  usage: { prompt_tokens: 5, completion_tokens: completionTokens },
});

test('usage in every chunk tells how many tokens the first one brought', () => {
  const reads = [
    chunk({ role: 'assistant', content: '' }, usage(0)),
    chunk({ content: 'four at once' }, usage(4)),
    chunk({ content: ' and two' }, usage(6)),
    FINISH + DONE,
  ];
  expect(counts(reads)).toEqual({
    firstContentTokens: 4,
    specDecoding: undefined,
    usage: { promptTokens: 5, completionTokens: 6 },
  });
});

test('usage at the end only tells nothing of the first chunk, and nothing is left from the response before', () => {
  const end = `data: ${JSON.stringify({ choices: [], ...usage(3) })}\n\n`;
  expect(counts([chunk({ content: 'a' }), chunk({ content: 'b' }), FINISH, end, DONE])).toEqual({
    firstContentTokens: Number.NaN,
    specDecoding: undefined,
    usage: { promptTokens: 5, completionTokens: 3 },
  });
});

test('the last report of speculative decoding counts, also when it comes with text', () => {
  const timings = (accepted: number): object => ({ timings: { draft_n: 8, draft_n_accepted: accepted } });
  const reads = [
    chunk({ content: 'a' }),
    chunk({ content: 'b' }),
    chunk({ content: 'c' }, timings(2)),
    chunk({ content: 'd' }, timings(3)),
    chunk({}, timings(5), { finish_reason: 'stop' }),
    DONE,
  ];
  for (let round = 0; round < 2; round++) {
    expect(counts(reads)).toMatchObject({ specDecoding: { acceptedTokens: 5, draftTokens: 8, steps: Number.NaN } });
  }
  expect(counts([chunk({ content: 'a' }), FINISH, DONE])).toMatchObject({ specDecoding: undefined });
});

test('a whole answer reports like a stream', () => {
  const body = JSON.stringify({
    choices: [{ index: 0, message: { content: 'x' }, finish_reason: 'stop' }],
    metrics: { speculative_decoding: { num_spec_steps: 2, num_accepted_draft_tokens: 3, num_draft_tokens: 4 } },
  });
  const timeline = streamTimeline([body], { contentType: 'application/json' });
  expect(parser.parseResponse({ timeline }).specDecoding).toEqual({ steps: 2, acceptedTokens: 3, draftTokens: 4 });
});
