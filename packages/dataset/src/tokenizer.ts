/**
 * Turns text into tokens and back. Special tokens are never added. The name of a special token inside a text is plain text for the builtin
 * tokenizer, and that one token for a Hugging Face one, whose library cannot be told otherwise.
 */
export interface Tokenizer {
  /** `builtin`, or the path of its `tokenizer.json`. */
  readonly name: string;
  encode(text: string): ArrayLike<number>;
  /** Special tokens are left out. */
  decode(ids: ArrayLike<number>): string;
  /** Number of tokens of `text`. */
  count(text: string): number;
  /** Numbers of tokens of many texts; for Hugging Face tokenizers several times faster than one call for each. */
  countAll(texts: readonly string[]): readonly number[];
}
