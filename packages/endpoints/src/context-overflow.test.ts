import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { isContextOverflow } from './context-overflow.ts';
import { inBandError } from './response-error.ts';

const RECORDINGS = new URL('../../../test/data/recordings/', import.meta.url);

function refused(message: string, httpStatus = 400): Parameters<typeof isContextOverflow>[0] {
  return { code: 'http_status', httpStatus, type: 'Bad Request', message };
}

describe('isContextOverflow', () => {
  test.for([
    ["This model's maximum context length is 4096 tokens. However, you requested 5000 tokens."],
    ['the request exceeds the available context size, try increasing it'],
    ['The input (9000 tokens) is longer than the model context length (4096 tokens).'],
    ['`inputs` must have less than 4095 tokens. Given: 9000'],
    ['prompt is too long: 210000 tokens > 200000 maximum'],
    ['The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).'],
    ['Prompt length (9000) exceeds max_num_tokens (8192)'],
  ])('%s', ([message = '']) => {
    expect(isContextOverflow(refused(message))).toBe(true);
  });

  test.for([
    ['another refusal', refused('messages: at least one message is required')],
    ['the words in an answer that is no refusal', refused('maximum context length is 4096', 503)],
    ['a cut stream', { code: 'stream_cut', type: 'StreamCut', message: 'maximum context length' }],
  ] as const)('%s is none', ([, error]) => {
    expect(isContextOverflow(error)).toBe(false);
  });

  test('a stream may say so in its middle', () => {
    expect(isContextOverflow(inBandError({ error: { code: 400, message: 'context length exceeded' } }))).toBe(true);
  });

  test.for([
    ['llama.cpp', true],
    ['vllm', true],
    // It answers 500 in words of its own, or works through any prompt.
    ['transformers', false],
  ] as const)('as %s said it to a prompt that was too long', ([server, expected]) => {
    const path = new URL(`${server}/error-prompt-too-long.json`, RECORDINGS);
    const { response } = JSON.parse(readFileSync(path, 'utf8')) as {
      response: { reads: { b64: string }[] };
    };
    const text = Buffer.concat(response.reads.map(({ b64 }) => Buffer.from(b64, 'base64'))).toString();
    const httpStatus = Number(/^HTTP\/1\.1 (\d+)/u.exec(text)?.[1]);
    expect(isContextOverflow(refused(text.slice(text.indexOf('\r\n\r\n')), httpStatus))).toBe(expected);
  });
});
