import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Makes the tokenizer folder that both tools load. */
export async function makeTokenizerFolder(python: string, directory: string): Promise<string> {
  const folder = join(directory, 'tokenizer');
  await mkdir(folder, { recursive: true });
  const script = new URL('make_tokenizer.py', import.meta.url).pathname;
  await run(python, [script, folder]);
  return folder;
}
