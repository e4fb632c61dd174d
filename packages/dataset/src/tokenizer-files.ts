import { readFile, readdir, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

const TOKENIZER_FILE_NAME = 'tokenizer.json';

/** Where a name that is a path would have its tokenizer: the file itself, or the folder that holds it. */
export function localTokenizerCandidates(name: string): string[] {
  const path = resolve(name.startsWith('~/') ? join(homedir(), name.slice(2)) : name);
  return path.endsWith('.json') ? [path] : [join(path, TOKENIZER_FILE_NAME)];
}

/**
 * Where the Hugging Face cache of this machine would have the tokenizer of a model `org/name`: the snapshot that `refs/main` names, then
 * the others. Empty snapshots folder or none: the folder itself, so that a message can name it.
 */
export async function cachedTokenizerCandidates(modelName: string): Promise<string[]> {
  if (!/^[\w.-]+(\/[\w.-]+)?$/.test(modelName)) return [];
  const modelDirectory = join(cacheDirectory(), `models--${modelName.replaceAll('/', '--')}`);
  const snapshots = join(modelDirectory, 'snapshots');
  const main = (await readFile(join(modelDirectory, 'refs', 'main'), 'utf8').catch(() => '')).trim();
  // No such folder is the common case, not an error: the model was never downloaded here.
  const all = await readdir(snapshots).catch(() => [] as string[]);
  const revisions = [...all.filter((name) => name === main), ...all.filter((name) => name !== main).sort()];
  if (revisions.length === 0) return [join(snapshots, '*', TOKENIZER_FILE_NAME)];
  return revisions.map((revision) => join(snapshots, revision, TOKENIZER_FILE_NAME));
}

function cacheDirectory(): string {
  const { HF_HUB_CACHE, HF_HOME, XDG_CACHE_HOME } = process.env;
  if (HF_HUB_CACHE) return HF_HUB_CACHE;
  return join(HF_HOME || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'huggingface'), 'hub');
}

/** The first path that is a file. */
export async function findFirstFile(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined);
    if (found?.isFile()) return path;
  }
  return undefined;
}
