import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { causeText } from '@aiperf/records';
import { ExportError } from './export-error.ts';

/**
 * Writes a file under a temporary name beside it and renames it when it is whole, so that nobody reads half of it. On failure the
 * temporary file is removed and the old file, if any, is untouched.
 */
export async function writeAtomically(path: string, write: (handle: FileHandle) => Promise<void>): Promise<void> {
  await replaceAtomically(path, async (temporaryPath) => {
    const handle = await open(temporaryPath, 'w');
    try {
      await write(handle);
    } finally {
      await handle.close();
    }
  });
}

/** The same for a writer that makes the file itself, under the name that it is given. */
export async function replaceAtomically(path: string, write: (temporaryPath: string) => Promise<void>): Promise<void> {
  const temporaryPath = join(dirname(path), `.${basename(path)}.${process.pid}.tmp`);
  try {
    await rm(temporaryPath, { force: true });
    await write(temporaryPath);
    await rename(temporaryPath, path);
  } catch (error) {
    await rm(temporaryPath, { force: true });
    if (error instanceof ExportError) throw error;
    throw new ExportError('AIPERF_EXPORT_WRITE_FAILED', `writing ${path} failed: ${causeText(error)}`, error);
  }
}

/** The same for a text that is at hand. */
export async function writeTextAtomically(path: string, text: string): Promise<void> {
  await writeAtomically(path, (handle) => handle.writeFile(text));
}

/** The same for a text that is made piece by piece. */
export async function writePiecesAtomically(path: string, pieces: Iterable<string>): Promise<void> {
  await writeAtomically(path, async (handle) => {
    for (const piece of pieces) await handle.writeFile(piece);
  });
}
