import type { EndpointTurn as Turn, BodyConfig } from '../endpoint.ts';
import { expect, test } from 'vitest';
import { endpointOf } from '../registry.ts';

const chat = endpointOf('chat');
const turn = { role: 'user', text: 'Hello "you"', maxOutputTokens: 24, model: 'm' } as const;
const streaming: BodyConfig = { streaming: true, useLegacyMaxTokens: false, extraInputs: {} };

test.for<[what: string, config: Partial<BodyConfig>, body: string]>([
  [
    'streaming',
    {},
    '{"messages":[{"role":"user","content":"Hello \\"you\\""}],"model":"m","stream":true,"max_completion_tokens":24,"stream_options":{"include_usage":true}}',
  ],
  [
    'not streaming',
    { streaming: false },
    '{"messages":[{"role":"user","content":"Hello \\"you\\""}],"model":"m","stream":false,"max_completion_tokens":24}',
  ],
  [
    'the older name of the limit',
    { streaming: false, useLegacyMaxTokens: true },
    '{"messages":[{"role":"user","content":"Hello \\"you\\""}],"model":"m","stream":false,"max_tokens":24}',
  ],
  [
    'extra inputs come last or in the place of what they replace',
    { extraInputs: { temperature: 0, model: 'other' } },
    '{"messages":[{"role":"user","content":"Hello \\"you\\""}],"model":"other","stream":true,"max_completion_tokens":24,"temperature":0,"stream_options":{"include_usage":true}}',
  ],
  [
    'other stream options do not switch usage off',
    { extraInputs: { stream_options: { continuous_usage_stats: true } } },
    '{"messages":[{"role":"user","content":"Hello \\"you\\""}],"model":"m","stream":true,"max_completion_tokens":24,"stream_options":{"include_usage":true,"continuous_usage_stats":true}}',
  ],
  [
    'the author may switch usage off',
    { extraInputs: { stream_options: { include_usage: false } } },
    '{"messages":[{"role":"user","content":"Hello \\"you\\""}],"model":"m","stream":true,"max_completion_tokens":24,"stream_options":{"include_usage":false}}',
  ],
  [
    'no stream options where extra inputs switch the stream off',
    { extraInputs: { stream: false } },
    '{"messages":[{"role":"user","content":"Hello \\"you\\""}],"model":"m","stream":false,"max_completion_tokens":24}',
  ],
])('body: %s', ([, config, body]) => {
  expect(Buffer.from(chat.renderBody(turn, { ...streaming, ...config })).toString()).toBe(body);
});

test.for<[what: string, part: Partial<Turn>, body: string]>([
  [
    'recorded messages and tools are sent as they are',
    {
      messages: [
        { role: 'system', content: 'Be brief' },
        { role: 'user', content: [] },
      ],
      tools: [{ type: 'function' }],
    },
    '{"messages":[{"role":"system","content":"Be brief"},{"role":"user","content":[]}],"model":"m","stream":false,"tools":[{"type":"function"}],"max_completion_tokens":24}',
  ],
  [
    "the turn's own fields go before those of the run",
    { extra: { temperature: 1, priority: 9 } },
    '{"messages":[{"role":"user","content":"Hello \\"you\\""}],"model":"m","stream":false,"max_completion_tokens":24,"temperature":1,"priority":9}',
  ],
  [
    'a recorded body is sent with nothing but its own fields',
    { payload: { prompt: 'p', model: 'other' }, extra: { priority: 9 } },
    '{"prompt":"p","model":"other","priority":9}',
  ],
])('body from a file: %s', ([, part, body]) => {
  const config: BodyConfig = { streaming: false, useLegacyMaxTokens: false, extraInputs: { temperature: 0 } };
  const bare = part.extra === undefined ? { ...config, extraInputs: {} } : config;
  expect(Buffer.from(chat.renderBody({ ...turn, ...part }, bare)).toString()).toBe(body);
});

test('a turn without an output length asks for none', () => {
  const body = chat.renderBody({ role: 'user', text: 'x', model: 'm' }, { ...streaming, streaming: false });
  expect(Buffer.from(body).toString()).toBe('{"messages":[{"role":"user","content":"x"}],"model":"m","stream":false}');
});

test('path and accepted types are those of chat completions', () => {
  expect(chat.path).toBe('/v1/chat/completions');
  expect(chat.acceptHeader(true)).toBe('text/event-stream');
  expect(chat.acceptHeader(false)).toBe('application/json');
});
