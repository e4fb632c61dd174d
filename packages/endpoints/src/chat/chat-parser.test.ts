import { describe, expect, test } from 'vitest';
import type { Timeline } from '@aiperf/records';
import type { ParsedResponse, TextAnswer } from '../parsed-response.ts';
import { chunk, DONE, fastParser, FINISH, streamTimeline } from './parser-fixture.test.support.ts';

const parse = (timeline: Timeline): ParsedResponse<TextAnswer> => fastParser().parseResponse({ timeline });
const parseStream = (
  reads: readonly (string | Uint8Array)[],
  more: Partial<Timeline> = {},
): ParsedResponse<TextAnswer> => parse(streamTimeline(reads, more));
const parseWhole = (body: string, more: Partial<Timeline> = {}): ParsedResponse<TextAnswer> =>
  parse(streamTimeline([body], { contentType: 'application/json', ...more }));
const times = ({ contentTimesNs, contentEventCount }: ParsedResponse): number[] => [
  ...contentTimesNs.subarray(0, contentEventCount),
];

describe('content events', () => {
  test('a role and an empty delta are not a first token', () => {
    const response = parseStream([
      chunk({ role: 'assistant', content: '' }),
      chunk({ content: null }),
      chunk({}),
      chunk({ content: '' }),
      chunk({ content: 'a' }),
      FINISH,
      DONE,
    ]);
    expect(response.error).toBeUndefined();
    expect(times(response)).toEqual([5000]);
    expect(response).toMatchObject({
      firstContentNs: 5000,
      firstOutputNs: 5000,
      lastContentNs: 5000,
      lastEventNs: 6000,
    });
    expect(response).toMatchObject({ answer: { text: 'a' }, eventCount: 7, sawDone: true, finishReason: 'stop' });
  });

  test('a role together with text is one', () => {
    expect(times(parseStream([chunk({ role: 'assistant', content: 'a' }), FINISH]))).toEqual([1000]);
  });

  test('reasoning has a first time of its own', () => {
    const response = parseStream([
      chunk({ reasoning_content: 'hm' }),
      chunk({ reasoning: ' well' }),
      chunk({ content: 'yes' }),
      FINISH,
    ]);
    expect(response).toMatchObject({ answer: { reasoningText: 'hm well', text: 'yes' } });
    expect(response).toMatchObject({ firstContentNs: 1000, firstReasoningNs: 1000, firstOutputNs: 3000 });
    expect(times(response)).toEqual([1000, 2000, 3000]);
  });

  test('reasoning under both names counts once', () => {
    const delta = { reasoning_content: 'hm', reasoning: 'hm' };
    expect(parseStream([chunk(delta), chunk(delta), chunk(delta), chunk(delta), FINISH]).answer.reasoningText).toBe(
      'hmhmhmhm',
    );
  });

  test('names and arguments of tool calls are output', () => {
    const call = (called: object): string => chunk({ content: null, tool_calls: [{ index: 0, function: called }] });
    const response = parseStream([
      call({ name: 'get' }),
      call({ arguments: '{"a"' }),
      call({ arguments: ':1}' }),
      FINISH,
    ]);
    expect(response).toMatchObject({
      answer: { toolCallText: 'get{"a":1}', text: '' },
      firstOutputNs: 1000,
      contentEventCount: 3,
    });
    expect(response.error).toBeUndefined();
  });

  test('the older function call is output, too', () => {
    expect(parseStream([chunk({ function_call: { name: 'f', arguments: '{}' } }), FINISH]).answer.toolCallText).toBe(
      'f{}',
    );
  });

  test('content in parts', () => {
    const content = [
      { type: 'thinking', thinking: [{ type: 'text', text: 'hm' }] },
      { type: 'text', text: 'a' },
      { type: 'text', text: 'b' },
      { type: 'image_url' },
    ];
    expect(parseStream([chunk({ content }), FINISH])).toMatchObject({ answer: { text: 'ab', reasoningText: 'hm' } });
  });

  test('events that share a read share its time, and their number is kept', () => {
    const response = parseStream([
      chunk({ content: 'a' }) + chunk({ content: 'b' }) + chunk({ content: 'c' }),
      chunk({ content: 'd' }),
      FINISH,
    ]);
    expect(times(response)).toEqual([1000, 1000, 1000, 2000]);
    expect([...response.contentReadIndexes.subarray(0, 4)]).toEqual([0, 0, 0, 1]);
    expect(response.maxContentEventsPerRead).toBe(3);
  });

  test('more events than the first buffers hold', () => {
    const response = parseStream([...Array.from({ length: 1000 }, () => chunk({ content: 'x' })), FINISH]);
    expect(times(response)).toEqual(Array.from({ length: 1000 }, (_, i) => 1000 * (i + 1)));
    expect(response.answer.text).toBe('x'.repeat(1000));
  });

  test('choices are joined one after the other', () => {
    const of = (index: number, content: string): string => chunk({ content }, {}, { index });
    const end = (index: number): string => chunk({}, {}, { index, finish_reason: index === 0 ? 'stop' : 'length' });
    const response = parseStream([
      of(1, 'x'),
      of(0, 'a'),
      of(1, 'y'),
      of(1, 'z'),
      of(0, 'b'),
      end(1),
      of(0, 'c'),
      end(0),
    ]);
    expect(response).toMatchObject({ answer: { text: 'abcxyz' }, finishReason: 'stop', contentEventCount: 6 });
    expect(response.error).toBeUndefined();
  });
});

describe('usage', () => {
  test('the last one that is not null wins', () => {
    const usage = (completion_tokens: number): object => ({ usage: { prompt_tokens: 3, completion_tokens } });
    const response = parseStream([
      chunk({ content: 'a' }, usage(1)),
      chunk({ content: 'b' }, usage(2)),
      chunk({}, { usage: null }, { finish_reason: 'stop' }),
    ]);
    expect(response.usage).toEqual({ promptTokens: 3, completionTokens: 2 });
  });

  test('in a chunk without choices', () => {
    const response = parseStream([
      chunk({ content: 'a' }),
      FINISH,
      chunk({}, { choices: [], usage: { total_tokens: 9 } }),
      DONE,
    ]);
    expect(response).toMatchObject({ usage: { totalTokens: 9 }, contentEventCount: 1, lastEventNs: 3000 });
  });

  test('every field', () => {
    const usage = {
      prompt_tokens: 1,
      completion_tokens: 2,
      total_tokens: 3,
      completion_tokens_details: {
        reasoning_tokens: 4,
        audio_tokens: 5,
        accepted_prediction_tokens: 6,
        rejected_prediction_tokens: 7,
      },
      prompt_tokens_details: { cached_tokens: 8, audio_tokens: 9 },
      cache_creation_input_tokens: 10,
      prompt_cache_miss_tokens: 11,
      tool_use_prompt_tokens: 12,
      prompt_audio_seconds: 1.5,
    };
    expect(parseWhole(JSON.stringify({ choices: [], usage })).usage).toEqual({
      promptTokens: 1,
      completionTokens: 2,
      totalTokens: 3,
      reasoningTokens: 4,
      completionAudioTokens: 5,
      acceptedPredictionTokens: 6,
      rejectedPredictionTokens: 7,
      promptCacheReadTokens: 8,
      promptAudioTokens: 9,
      promptCacheWriteTokens: 10,
      promptCacheMissTokens: 11,
      toolUsePromptTokens: 12,
      promptAudioSec: 1.5,
    });
  });
});

describe('how a stream ends', () => {
  const a = chunk({ content: 'a' });
  test.for<[what: string, reads: string[], code: string | undefined]>([
    ['finish reason and [DONE]', [a, FINISH, DONE], undefined],
    ['finish reason alone, as transformers does', [a, FINISH], undefined],
    ['[DONE] alone', [a, DONE], undefined],
    ['neither', [a], 'stream_cut'],
    ['one of two choices has no finish reason', [a, chunk({ content: 'b' }, {}, { index: 1 }), FINISH], 'stream_cut'],
    ['in the middle of an event', [a, FINISH.slice(0, 40)], 'stream_cut'],
    ['a last event without its blank line', [a, FINISH.trimEnd()], undefined],
    ['nothing', [], 'stream_cut'],
    ['a role and an end', [chunk({ role: 'assistant' }), FINISH, DONE], 'empty_output'],
    [
      'an end and usage of no tokens',
      [FINISH, chunk({}, { choices: [], usage: { completion_tokens: 0 } })],
      'empty_output',
    ],
    ['[DONE] alone without output', [DONE], 'empty_output'],
    ['data: null is nothing', ['data: null\n\n', a, FINISH], undefined],
    ['an event that is not JSON', [a, 'data: hello\n\n', FINISH], 'invalid_response'],
    ['an error object', [a, 'data: {"error":{"message":"out of memory","code":500}}\n\n', DONE], 'in_band_error'],
    ['an error text', [a, 'data: {"error":"out of memory"}\n\n', DONE], 'in_band_error'],
    ['an error of the older shape', [a, 'data: {"object":"error","message":"no"}\n\n', DONE], 'in_band_error'],
    ['an error event', [a, 'event: error\ndata: {"message":"no"}\n\n', DONE], 'in_band_error'],
    ['an error event that is not JSON', [a, 'event: error\ndata: no\n\n', DONE], 'in_band_error'],
    ['a null error is none', [chunk({ content: 'a' }, { error: null }), FINISH], undefined],
  ])('%s', ([, reads, code]) => {
    expect(parseStream(reads).error?.code).toBe(code);
  });

  test('an in-band error keeps the message, the type and the status of the server', () => {
    const error = { message: 'too long', type: 'BadRequestError', code: 400 };
    expect(parseStream([a, `data: ${JSON.stringify({ error })}\n\n`]).error).toEqual({
      code: 'in_band_error',
      message: 'too long',
      type: 'BadRequestError',
      httpStatus: 400,
    });
  });

  test('an error of the transport comes first, and what was read is kept', () => {
    const error = { code: 'timeout', message: 'm', type: 't' } as const;
    expect(parseStream([a, a], { error })).toMatchObject({ error, answer: { text: 'aa' }, contentEventCount: 2 });
  });
});

describe('a response that is not a stream', () => {
  const completion = (message: object, finish_reason = 'stop'): string =>
    JSON.stringify({
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason }],
      usage: { total_tokens: 5 },
    });

  test('is one content event at its last read', () => {
    const body = completion({ role: 'assistant', content: 'hello', reasoning_content: 'hm' });
    const response = parse(streamTimeline([body.slice(0, 10), body.slice(10)], { contentType: 'application/json' }));
    expect(response).toMatchObject({
      answer: { text: 'hello', reasoningText: 'hm' },
      finishReason: 'stop',
      usage: { totalTokens: 5 },
    });
    expect(response).toMatchObject({ contentEventCount: 1, eventCount: 1, firstContentNs: 2000, lastEventNs: 2000 });
    expect(response.error).toBeUndefined();
  });

  test.for<[what: string, body: string, more: Partial<Timeline>, code: string | undefined]>([
    ['tool calls', completion({ tool_calls: [{ function: { name: 'f', arguments: '{}' } }] }), {}, undefined],
    ['no output', completion({ content: '' }), {}, 'empty_output'],
    ['no choices', '{"choices":[]}', {}, 'empty_output'],
    ['an error object', '{"error":{"message":"no"}}', {}, 'in_band_error'],
    ['an array', '[]', {}, 'invalid_response'],
    ['HTML', '<html></html>', { contentType: 'text/html' }, 'invalid_response'],
    ['HTML that claims to be JSON', '<html></html>', {}, 'invalid_response'],
    ['nothing', '', {}, 'invalid_response'],
    ['JSON without a content type', completion({ content: 'a' }), { contentType: '' }, undefined],
    ['a stream without a content type', chunk({ content: 'a' }) + DONE, { contentType: '' }, undefined],
    ['a stream called plain text', chunk({ content: 'a' }) + DONE, { contentType: 'text/plain' }, undefined],
    ['JSON called a stream', completion({ content: 'a' }), { contentType: 'text/event-stream' }, undefined],
    ['an error called a stream', '{"error":"no"}', { contentType: 'text/event-stream' }, 'in_band_error'],
    ['HTML called a stream', '<p>no</p>', { contentType: 'text/event-stream' }, 'invalid_response'],
  ])('%s', ([, body, more, code]) => {
    expect(parseWhole(body, more).error?.code).toBe(code);
  });
});

describe('HTTP errors', () => {
  test.for<[body: string, message: string]>([
    ['{"error":{"code":400,"message":"bad","type":"x"}}', 'bad'],
    ['{"error":"bad"}', 'bad'],
    ['{"detail":"bad"}', 'bad'],
    ['{"detail":[{"msg":"bad"}]}', '{"detail":[{"msg":"bad"}]}'],
    ['{"message":"bad"}', 'bad'],
    ['bad\n', 'bad'],
    ['', 'HTTP status 400 without a body.'],
  ])('message of %s', ([body, message]) => {
    expect(parseWhole(body, { status: 400, statusText: 'Bad Request' }).error).toEqual({
      code: 'http_status',
      httpStatus: 400,
      type: 'Bad Request',
      message,
    });
  });

  test('a long body is cut', () => {
    expect(parseWhole('x'.repeat(5000), { status: 500, statusText: '' }).error).toMatchObject({
      type: 'HTTP 500',
      message: `${'x'.repeat(1000)}…`,
    });
  });

  test('a redirect is an error', () => {
    expect(parseWhole('', { status: 302 }).error?.code).toBe('http_status');
  });
});

test('nothing of one response is left in the next', () => {
  const parser = fastParser();
  parser.parseResponse({
    timeline: streamTimeline([chunk({ content: 'a', reasoning: 'b' }, { usage: { total_tokens: 1 } }), FINISH, DONE]),
  });
  expect(parser.parseResponse({ timeline: streamTimeline([chunk({ role: 'assistant' })]) })).toMatchObject({
    answer: { text: '', reasoningText: '' },
    usage: undefined,
    finishReason: undefined,
    contentEventCount: 0,
    firstContentNs: Number.NaN,
    error: { code: 'stream_cut' },
  });
});
