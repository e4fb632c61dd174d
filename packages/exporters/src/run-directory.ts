import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { causeText } from '@aiperf/records';
import { ExportError } from './export-error.ts';
import { resultFileNames } from './result-files.ts';

/** How a directory was asked for. */
export interface RunDirectoryOptions {
  /** The user named it. */
  readonly given: boolean;
  /** Of `--profile-export-prefix`. */
  readonly prefix?: string | undefined;
}

/**
 * Makes the directory of a run and returns its absolute path. A directory that the user named (`given`) may exist, but not with
 * results in it; a default name that is taken gets `-2`, `-3`, … Nothing is ever overwritten, and what cannot be written is said here,
 * before the load.
 */
export async function createRunDirectory(path: string, options: RunDirectoryOptions): Promise<string> {
  const wanted = resolve(path);
  const directory = options.given ? await useGiven(wanted, options.prefix) : await makeUnused(wanted);
  await assertWritable(directory);
  return directory;
}

async function useGiven(directory: string, prefix: string | undefined): Promise<string> {
  try {
    await mkdir(directory, { recursive: true });
    const names = resultFileNames(prefix);
    const result = (await readdir(directory)).find((name) => names.has(name));
    if (result !== undefined) {
      throw new ExportError(
        'AIPERF_EXPORT_ALREADY_EXISTS',
        `${directory} already holds the results of a run (${result}). Give another --artifact-dir, or move them away`,
      );
    }
    return directory;
  } catch (error) {
    throw notUsable(directory, error);
  }
}

async function makeUnused(wanted: string): Promise<string> {
  try {
    await mkdir(dirname(wanted), { recursive: true });
    for (let number = 1; ; number += 1) {
      const directory = number === 1 ? wanted : join(dirname(wanted), `${basename(wanted)}-${number}`);
      try {
        // Not recursive, so that of two runs started together only one gets the name.
        await mkdir(directory);
        return directory;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      }
    }
  } catch (error) {
    throw notUsable(wanted, error);
  }
}

async function assertWritable(directory: string): Promise<void> {
  const probe = join(directory, `.aiperf-probe-${randomUUID()}`);
  try {
    await writeFile(probe, 'x', { flag: 'wx' });
    await rm(probe);
  } catch (error) {
    throw notUsable(directory, error);
  }
}

function notUsable(directory: string, error: unknown): ExportError {
  if (error instanceof ExportError) return error;
  return new ExportError(
    'AIPERF_EXPORT_NOT_WRITABLE',
    `results cannot be written to ${directory}: ${causeText(error)}. Give another --artifact-dir`,
    error,
  );
}
