import type { Tokenizer } from './tokenizer.ts';

/** Names of special tokens in a text are text: servers under test answer with anything. */
const AS_PLAIN_TEXT = { disallowedSpecial: new Set<string>() };

/** Loads the o200k_base vocabulary, once a process; imported here and not above, because it takes some hundred milliseconds. */
export async function loadBuiltinTokenizer(name: string): Promise<Tokenizer> {
  const encoding = await import('gpt-tokenizer/encoding/o200k_base');
  const count = (text: string): number => encoding.countTokens(text, AS_PLAIN_TEXT);
  return {
    name,
    encode: (text) => encoding.encode(text, AS_PLAIN_TEXT),
    decode: (ids) => encoding.decode(Array.from(ids)),
    count,
    countAll: (texts) => texts.map(count),
  };
}
