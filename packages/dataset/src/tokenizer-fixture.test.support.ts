import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const SPECIAL_TOKEN = '<|endoftext|>';

/** The printable stand-in of each byte in a byte-level vocabulary: itself where it is printable Latin-1, U+0100 onwards otherwise. */
function byteAlphabet(): string[] {
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => {
    const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    if (printable) return String.fromCodePoint(byte);
    next += 1;
    return String.fromCodePoint(next - 1);
  });
}

/**
 * A byte-level BPE as Hugging Face stores it. Its merges spell each word letter by letter, alone and after a space, so that many of the words
 * (not all: merges of one break others) are one token. It truncates, pads and adds a special token when it is allowed to.
 */
function byteLevelBpe(words: readonly string[]): object {
  const vocabulary = new Map<string, number>([[SPECIAL_TOKEN, 0]]);
  for (const letter of byteAlphabet()) vocabulary.set(letter, vocabulary.size);
  const merges: [string, string][] = [];
  for (const word of words.flatMap((text) => [text, `\u0120${text}`])) {
    let left = word[0] ?? '';
    for (const right of word.slice(1)) {
      if (!vocabulary.has(left + right)) {
        vocabulary.set(left + right, vocabulary.size);
        merges.push([left, right]);
      }
      left += right;
    }
  }
  const special = { SpecialToken: { id: SPECIAL_TOKEN, type_id: 0 } };
  const sequence = (id: string): object => ({ Sequence: { id, type_id: 0 } });
  return {
    version: '1.0',
    truncation: { direction: 'Right', max_length: 16, strategy: 'LongestFirst', stride: 0 },
    padding: {
      strategy: { Fixed: 12 },
      direction: 'Right',
      pad_to_multiple_of: null,
      pad_id: 0,
      pad_type_id: 0,
      pad_token: SPECIAL_TOKEN,
    },
    added_tokens: [
      {
        id: 0,
        content: SPECIAL_TOKEN,
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
      },
    ],
    normalizer: null,
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    post_processor: {
      type: 'TemplateProcessing',
      single: [special, sequence('A')],
      pair: [special, sequence('A'), sequence('B')],
      special_tokens: { [SPECIAL_TOKEN]: { id: SPECIAL_TOKEN, ids: [0], tokens: [SPECIAL_TOKEN] } },
    },
    decoder: { type: 'ByteLevel', add_prefix_space: true, trim_offsets: true, use_regex: true },
    model: {
      type: 'BPE',
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      vocab: Object.fromEntries(vocabulary),
      merges,
    },
  };
}

/** Writes {@link byteLevelBpe} into a folder and returns the path of its file. */
export async function writeTokenizer(folder: string, words: readonly string[]): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'tokenizer.json');
  await writeFile(path, JSON.stringify(byteLevelBpe(words)));
  return path;
}
