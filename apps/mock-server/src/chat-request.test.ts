import { expect, test } from 'vitest';
import { ChatRequestReader } from './chat-request.ts';

function bodyOf(contents: readonly string[]): string {
  const messages = contents.map((content, index) => ({ role: index % 2 === 0 ? 'user' : 'assistant', content }));
  return Buffer.from(JSON.stringify({ model: 'm', messages, stream: true })).toString('latin1');
}

test('the tokens of a conversation are those of all its messages', () => {
  const reader = new ChatRequestReader();
  expect(reader.read(bodyOf(['one two', 'three', 'four five six']))).toMatchObject({ promptTokens: 6, isStream: true });
  expect(reader.read(bodyOf(['\u4f60\u597d one', '', 'two']))).toMatchObject({ promptTokens: 3 });
});

test('equal bodies are read once', () => {
  const reader = new ChatRequestReader();
  expect(reader.read(bodyOf(['one']))).toBe(reader.read(bodyOf(['one'])));
});

test('bodies that never come again do not fill the memory', () => {
  const reader = new ChatRequestReader();
  const text = 'x'.repeat(8 * 1024 * 1024);
  for (let n = 0; n < 10; n++) {
    reader.read(bodyOf([text, String(n)]));
    expect(reader.cachedBytes).toBeLessThanOrEqual(64 * 1024 * 1024);
  }
  expect(reader.cachedBytes).toBeGreaterThan(1024 * 1024);
});
