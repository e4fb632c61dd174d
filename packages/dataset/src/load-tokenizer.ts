import { loadBuiltinTokenizer } from './builtin-tokenizer.ts';
import { DatasetError } from './dataset-error.ts';
import { cachedTokenizerCandidates, findFirstFile, localTokenizerCandidates } from './tokenizer-files.ts';
import { loadHuggingFaceTokenizer } from './huggingface-tokenizer.ts';
import type { Tokenizer } from './tokenizer.ts';

/** Name of the tokenizer that needs no file: OpenAI's o200k_base. */
export const BUILTIN_TOKENIZER_NAME = 'builtin';

/** Which tokenizer a run uses, before anything of it is loaded. */
export interface TokenizerChoice {
  /** Absolute path of a `tokenizer.json`; absent: the builtin one. */
  readonly path?: string;
  /** What the user should be told about the choice. */
  readonly notice?: string;
}

/**
 * Finds the tokenizer of a run. A name given by the user is `builtin`, a `tokenizer.json`, a folder that holds one, or a model in the local
 * Hugging Face cache; when it is none of these, a {@link DatasetError} lists what was tried. Without a name the first model's is looked
 * for in the same places, and the builtin one is taken when there is none, with a notice. Nothing is ever downloaded.
 */
export async function chooseTokenizer(
  name: string | undefined,
  modelNames: readonly string[],
): Promise<TokenizerChoice> {
  if (name === BUILTIN_TOKENIZER_NAME) return {};
  const wanted = name ?? modelNames[0];
  if (wanted === undefined)
    return { notice: 'no model name to find a tokenizer by: tokens are counted with o200k_base' };
  const candidates = [...localTokenizerCandidates(wanted), ...(await cachedTokenizerCandidates(wanted))];
  const path = await findFirstFile(candidates);
  if (path !== undefined) return { path };
  if (name !== undefined) {
    throw new DatasetError(
      'AIPERF_DATASET_TOKENIZER_NOT_FOUND',
      `no tokenizer ${JSON.stringify(name)}: --tokenizer takes 'builtin', a tokenizer.json, a folder with one, or a model in the local ` +
        `Hugging Face cache; tried ${candidates.join(', ')}`,
    );
  }
  return {
    notice: `no local tokenizer for model ${JSON.stringify(wanted)}: tokens are counted with o200k_base; give --tokenizer for exact counts`,
  };
}

/** A tokenizer ready for use. */
export interface LoadedTokenizer {
  readonly tokenizer: Tokenizer;
  /** What the user should be told about the choice. */
  readonly notice?: string;
}

/** {@link chooseTokenizer}, then loads it: about 0.3 s and 60 MB for the builtin one, and about 0.1 s for a small Hugging Face one. */
export async function loadTokenizer(name: string | undefined, modelNames: readonly string[]): Promise<LoadedTokenizer> {
  const choice = await chooseTokenizer(name, modelNames);
  const tokenizer =
    choice.path === undefined
      ? await loadBuiltinTokenizer(BUILTIN_TOKENIZER_NAME)
      : await loadHuggingFaceTokenizer(choice.path);
  return { tokenizer, ...(choice.notice === undefined ? {} : { notice: choice.notice }) };
}
