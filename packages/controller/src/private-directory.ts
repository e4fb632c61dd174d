import { chmod, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

const NAME = /^aiperf-run-(\d+)-/u;

/** Makes a directory for this process alone (mode 0700); its name holds the process id, so that a later run can tell whether it is left over. */
export async function makePrivateDirectory(parent: string): Promise<string> {
  await mkdir(parent, { recursive: true });
  const directory = await mkdtemp(join(parent, `aiperf-run-${process.pid}-`));
  await chmod(directory, 0o700);
  return directory;
}

/** Removes a private directory with all that is in it, and what killed runs have left beside it. */
export async function removePrivateDirectory(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true });
  await removeLeftovers(dirname(directory));
}

/** Removes the private directories of runs that were killed. What belongs to somebody else, or cannot be removed, is left where it is. */
export async function removeLeftovers(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  const left = names.filter((name) => {
    const pid = NAME.exec(name)?.[1];
    return pid !== undefined && !isAlive(Number(pid));
  });
  await Promise.all(
    left.map((name) => rm(join(parent, name), { recursive: true, force: true }).catch(() => undefined)),
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // A process of another user is alive too.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
