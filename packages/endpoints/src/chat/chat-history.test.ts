import { describe, expect, test } from 'vitest';
import { appendRead, createTimeline } from '@aiperf/records';
import { endpointOf } from '../registry.ts';
import { answerText } from '../parsed-response.ts';

const chat = endpointOf('chat');

function replyOf(events: string): { text: string } {
  const timeline = createTimeline();
  timeline.status = 200;
  timeline.contentType = 'text/event-stream';
  appendRead(timeline, 1, Buffer.from(events));
  return { text: answerText(chat.createParser().parseResponse({ timeline }).answer) };
}

function reply(content: string): { text: string } {
  return replyOf(`data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\ndata: [DONE]\n\n`);
}

function user(content: string): object {
  return { role: 'user', content };
}

function assistant(content: string): object {
  return { role: 'assistant', content };
}

function body(messages: readonly object[], rest: object = { model: 'm', stream: true }): string {
  return JSON.stringify({ messages, ...rest });
}

function composed(turns: readonly (readonly [stored: string, reply: string])[], last: string): string {
  const history = chat.createHistory();
  for (const [stored, text] of turns) history.add(Buffer.from(stored), reply(text));
  return Buffer.from(history.compose(Buffer.from(last))).toString();
}

describe('the history of a chat', () => {
  test('is put before the messages of the turn, byte for byte, and nothing else changes', () => {
    const one = body([user('one')]);
    const two = body([user('"two" \u4f60\u597d \ud83d\ude00\n')]);
    const three = body([user('three')], { model: 'm', max_completion_tokens: 7, stop: ['"messages":['] });
    const replies = ['\u00e9t\u00e9 "quoted" \\ \u0007', ' 2 '] as const;
    expect(composed([[one, replies[0]]], two)).toBe(
      body([user('one'), assistant(replies[0]), user('"two" \u4f60\u597d \ud83d\ude00\n')]),
    );
    expect(
      composed(
        [
          [one, replies[0]],
          [two, replies[1]],
        ],
        three,
      ),
    ).toBe(
      body(
        [
          user('one'),
          assistant(replies[0]),
          user('"two" \u4f60\u597d \ud83d\ude00\n'),
          assistant(replies[1]),
          user('three'),
        ],
        { model: 'm', max_completion_tokens: 7, stop: ['"messages":['] },
      ),
    );
  });

  test('keeps a system message where the first turn has it', () => {
    const system = { role: 'system', content: 'be brief' };
    expect(composed([[body([system, user('a')]), 'b']], body([user('c')]))).toBe(
      body([system, user('a'), assistant('b'), user('c')]),
    );
  });

  test.for([
    ['the turn before', '{"messages":[]}', '{"messages":[{"role":"user","content":"x"}]}', [assistant('r'), user('x')]],
    ['this turn', body([user('x')]), '{"messages":[ ]}', [user('x'), assistant('r')]],
  ] as const)('without messages of %s it is still JSON', ([, before, now, messages]) => {
    expect(JSON.parse(composed([[before, 'r']], now))).toMatchObject({ messages });
  });

  test('leaves the stored body alone', () => {
    const stored = Buffer.from(body([user('two')]));
    const copy = Buffer.from(stored);
    const history = chat.createHistory();
    history.add(stored, reply('r'));
    const next = history.compose(stored);
    next.fill(0);
    expect(stored.equals(copy)).toBe(true);
  });

  test('without an earlier turn the body is the stored one', () => {
    expect(composed([], body([user('x')]))).toBe(body([user('x')]));
  });

  test('has the text of a reply without its reasoning, and an empty message where there is no text', () => {
    const thought = 'data: {"choices":[{"index":0,"delta":{"reasoning_content":"hm"}}]}\n\n';
    const said = 'data: {"choices":[{"index":0,"delta":{"content":"yes"}}]}\n\ndata: [DONE]\n\n';
    const history = chat.createHistory();
    history.add(Buffer.from(body([user('a')])), replyOf(thought + said));
    history.add(Buffer.from(body([user('b')])), replyOf(`${thought}data: [DONE]\n\n`));
    expect(Buffer.from(history.compose(Buffer.from(body([user('c')])))).toString()).toBe(
      body([user('a'), assistant('yes'), user('b'), assistant(''), user('c')]),
    );
  });
});

test.for([
  ['text', { choices: [{ index: 0, delta: { content: 'x' } }] }, true],
  ['reasoning', { choices: [{ index: 0, delta: { reasoning: 'x' } }] }, true],
  ['a tool call', { choices: [{ index: 0, delta: { tool_calls: [{ function: { name: 'f' } }] } }] }, true],
  ['the second choice', { choices: [{ delta: {} }, { index: 1, delta: { content: 'x' } }] }, true],
  ['a role', { choices: [{ index: 0, delta: { role: 'assistant', content: '' } }] }, false],
  ['nothing', { choices: [{ index: 0, delta: {} }] }, false],
  ['usage', { choices: [], usage: { prompt_tokens: 1 } }, false],
  ['an error', { error: { message: 'x' } }, false],
] as const)('an event with %s', ([, event, isContent]) => {
  expect(chat.isContentEvent(JSON.stringify(event))).toBe(isContent);
});

test.for(['[DONE]', '', 'null', '[1]', '{"choices":'])('no content event: %s', (data) => {
  expect(chat.isContentEvent(data)).toBe(false);
});
