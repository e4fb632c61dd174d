import { BytePairCounter } from './byte-pair-counter.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Names of special tokens in a text are text: servers under test answer with anything. */
const AS_PLAIN_TEXT = { disallowedSpecial: new Set<string>() };

const SPACE = 0x20;
const SLASH = 0x2f;
const LAST_ASCII = 0x7f;

/** The library takes a time that grows with the square of a piece's length; pieces longer than this are counted here. */
const LONG_PIECE_CHARS = 500;
/**
 * A piece is a space at most, then characters that are none, then line ends and slashes; or it is white space. One that is too long has at
 * least such a run of either sort.
 */
const LONG_RUN_CHARS = 250;

/** Loads the o200k_base vocabulary, once a process; imported here and not above, because it takes some hundred milliseconds. */
export async function loadBuiltinTokenizer(name: string): Promise<Tokenizer> {
  const [encoding, { O200K_TOKEN_SPLIT_REGEX }, { default: vocabulary }] = await Promise.all([
    import('gpt-tokenizer/encoding/o200k_base'),
    import('gpt-tokenizer/encodingParams/constants'),
    import('gpt-tokenizer/bpeRanks/o200k_base'),
  ]);
  let longPieces: BytePairCounter | undefined;
  const countPiece = (piece: string): number => {
    if (piece.length <= LONG_PIECE_CHARS) return encoding.countTokens(piece, AS_PLAIN_TEXT);
    longPieces ??= new BytePairCounter(vocabulary);
    return longPieces.count(piece);
  };
  const count = (text: string): number => {
    if (!hasLongRun(text)) return encoding.countTokens(text, AS_PLAIN_TEXT);
    let total = 0;
    for (const [piece] of text.matchAll(O200K_TOKEN_SPLIT_REGEX)) total += countPiece(piece);
    return total;
  };
  return {
    name,
    encode: (text) => encoding.encode(text, AS_PLAIN_TEXT),
    decode: (ids) => encoding.decode(Array.from(ids)),
    count,
    countAll: (texts) => texts.map(count),
  };
}

/** May be true where no piece is long: characters beyond ASCII are taken for both sorts, since there is white space among them. */
function hasLongRun(text: string): boolean {
  let wordChars = 0;
  let spaceChars = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    wordChars = code <= SPACE ? 0 : wordChars + 1;
    spaceChars = code <= SPACE || code === SLASH || code > LAST_ASCII ? spaceChars + 1 : 0;
    if (wordChars >= LONG_RUN_CHARS || spaceChars >= LONG_RUN_CHARS) return true;
  }
  return false;
}
