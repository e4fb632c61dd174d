import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { access, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);
const cacheFolder = join(import.meta.dirname, '../../../node_modules/.cache/aiperf-venv');

/** Downloads of all packages together may take this long on a slow line. */
const CREATE_TIMEOUT_MS = 10 * 60_000;
const LOCK_POLL_MS = 250;

/**
 * Path of a Python that has these packages (requirement specifiers, such as `pyarrow` or `aiperf==0.13.0`). The environment is made on
 * the first call and kept in a private cache; only one process makes it, others wait. `undefined` where there is no usable Python; then
 * the caller says so and skips, except under CI, where this throws. `AIPERF_TEST_PYTHON` names another interpreter than `python3`.
 */
export async function pythonVenv(packages: readonly string[]): Promise<string | undefined> {
  const base = process.env['AIPERF_TEST_PYTHON'] ?? 'python3';
  let version: string;
  try {
    const { stdout } = await run(base, ['-c', 'import sys, venv, ensurepip; print(sys.version)']);
    version = stdout;
  } catch (error) {
    if (process.env['CI'] !== undefined) throw new Error(`CI needs ${base} with venv and ensurepip`, { cause: error });
    return undefined;
  }
  const key = createHash('sha256')
    .update(JSON.stringify([version, packages.toSorted()]))
    .digest('hex')
    .slice(0, 16);
  const folder = join(cacheFolder, key);
  const python = join(folder, 'bin', 'python');
  const readyFile = join(folder, '.ready');
  if (await exists(readyFile)) return python;
  await mkdir(cacheFolder, { recursive: true });
  await using _lock = await lockFolder(`${folder}.lock`);
  if (await exists(readyFile)) return python;
  await rm(folder, { recursive: true, force: true });
  await run(base, ['-m', 'venv', folder]);
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages], {
    timeout: CREATE_TIMEOUT_MS,
  });
  await writeFile(readyFile, packages.join('\n'));
  return python;
}

/** Holds a lock among processes: a folder that only one of them can make. One left by a process that is gone is taken over. */
async function lockFolder(path: string): Promise<AsyncDisposable> {
  const ownerFile = join(path, 'pid');
  const deadlineMs = Date.now() + CREATE_TIMEOUT_MS;
  for (;;) {
    try {
      await mkdir(path);
      await writeFile(ownerFile, String(process.pid));
      return { [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    if (await isAbandoned(path, ownerFile)) {
      await rm(path, { recursive: true, force: true });
      continue;
    }
    if (Date.now() > deadlineMs)
      throw new Error(`another process has held ${path} for ${CREATE_TIMEOUT_MS / 60_000} minutes`);
    await sleep(LOCK_POLL_MS);
  }
}

async function isAbandoned(path: string, ownerFile: string): Promise<boolean> {
  try {
    process.kill(Number(await readFile(ownerFile, 'utf8')), 0);
    return false;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EPERM') return false;
    if (code === 'ESRCH') return true;
    // No owner written yet: its maker is between two calls, unless that was long ago.
    const made = await stat(path).catch(() => undefined);
    return made !== undefined && Date.now() - made.mtimeMs > CREATE_TIMEOUT_MS;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
