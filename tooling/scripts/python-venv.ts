import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = new URL('../..', import.meta.url).pathname;

/**
 * A Python environment with the given packages, made once and kept beside the other caches; resolves with its interpreter. It is made
 * under another name and renamed, so that two programs that want it at once never see half of it.
 */
export async function pythonWith(packages: readonly string[]): Promise<string> {
  const key = createHash('sha256').update(packages.join(' ')).digest('hex').slice(0, 12);
  const directory = join(root, 'node_modules', '.cache', `python-${key}`);
  const interpreter = join(directory, 'bin', 'python');
  const marker = join(directory, 'complete');
  if (await exists(marker)) return interpreter;
  await mkdir(join(root, 'node_modules', '.cache'), { recursive: true });
  const draft = `${directory}-${process.pid}`;
  try {
    await run('python3', ['-m', 'venv', draft]);
    // A virtual environment knows its own path, so pip is run as a module, which works after the renaming too.
    await run(join(draft, 'bin', 'python'), ['-m', 'pip', 'install', '--quiet', ...packages], { maxBuffer: 1 << 26 });
    await run('touch', [join(draft, 'complete')]);
    await rename(draft, directory).catch(async (error: NodeJS.ErrnoException) => {
      // Somebody else was first.
      if (!(await exists(marker))) throw error;
    });
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
  return interpreter;
}

/** Whether something can be reached at this path. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** As {@link pythonWith}, but `undefined` where there is no usable Python, so that a test can say so and be skipped. CI must have one. */
export async function pythonIfAny(packages: readonly string[]): Promise<string | undefined> {
  try {
    await run('python3', ['-c', 'import venv, ensurepip']);
  } catch (error) {
    if (process.env['CI'] !== undefined) throw new Error('CI needs python3 with venv and ensurepip', { cause: error });
    return undefined;
  }
  return pythonWith(packages);
}
