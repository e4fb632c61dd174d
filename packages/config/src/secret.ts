import { inspect } from 'node:util';

/** What a secret shows wherever it is printed, logged or serialised. */
export const REDACTED = '<redacted>';

/**
 * A value that cannot leave the process by accident: printing, logging, `JSON.stringify`, template literals and
 * `structuredClone` all give {@link REDACTED} or nothing. Only {@link Secret.reveal} returns the text, so every use can be found by name.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The secret text. Call this only where it is put on the wire. */
  reveal(): string {
    return this.#text;
  }

  toJSON(): string {
    return REDACTED;
  }

  toString(): string {
    return REDACTED;
  }

  static {
    // A computed member would need a declared type; defined here it is the same to `console.log` and `util.inspect`.
    Object.defineProperty(this.prototype, inspect.custom, { value: () => REDACTED });
  }
}
