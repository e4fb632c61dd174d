import type { SessionHistory } from '../endpoint.ts';
import { findArray } from '../json-bytes.ts';
import type { TextAnswer } from '../parsed-response.ts';

const COMMA = Buffer.from(',');

/**
 * The messages of a chat so far, as the bytes that go between the opening bracket of `messages` and the turn's own messages. A reply is
 * told with its text alone, as chat templates want it: no reasoning. One without text becomes an empty message, because many
 * templates insist on the roles taking turns.
 */
export class ChatHistory implements SessionHistory {
  /** Each message with a comma after it. */
  #messages: Buffer = Buffer.alloc(0);

  add(body: Uint8Array, reply: Pick<TextAnswer, 'text'>): void {
    const stored = bufferOf(body);
    const { start, end } = findArray(stored, 'messages');
    const message = Buffer.from(JSON.stringify({ role: 'assistant', content: reply.text }));
    const own = stored.subarray(start, end);
    this.#messages = Buffer.concat(
      isBlank(own) ? [this.#messages, message, COMMA] : [this.#messages, own, COMMA, message, COMMA],
    );
  }

  compose(body: Uint8Array): Uint8Array {
    const stored = bufferOf(body);
    const { start, end } = findArray(stored, 'messages');
    // Without messages of its own the turn has nothing that a comma could stand before.
    const isOwnEmpty = isBlank(stored.subarray(start, end));
    const messages = isOwnEmpty ? this.#messages.subarray(0, -1) : this.#messages;
    return Buffer.concat([stored.subarray(0, start), messages, stored.subarray(start)]);
  }
}

function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte <= 0x20);
}

function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
