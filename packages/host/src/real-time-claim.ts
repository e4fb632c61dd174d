import { readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Of the whole host, unlike the folder that `TMPDIR` names: the class is a matter of Linux. */
const DIRECTORY = '/tmp';

/** A claim is a file named for its run and its process; that of a process which has died counts no more. */
const CLAIM_PATTERN = /^aiperf-real-time-(?<runId>.+)-(?<pid>\d+)$/u;

/**
 * Says that processes of this run use the real-time class, unless another run on this host does. Returns what takes it back, or nothing where
 * the other run has it, or where no file can be written. Two runs that ask in the same moment may both be refused, never both be granted.
 * It is a courtesy between runs, no lock: what a killed run left behind keeps others out while its number is in use again.
 */
export function claimRealTime(runId: string, directory: string = DIRECTORY): (() => void) | undefined {
  const path = join(directory, `aiperf-real-time-${runId}-${process.pid}`);
  const release = (): void => rmSync(path, { force: true });
  try {
    writeFileSync(path, '', { flag: 'wx', mode: 0o644 });
    if (!readdirSync(directory).some((name) => isOtherRun(name, runId))) return release;
  } catch {
    // A folder that cannot be written or read: nobody could be told.
  }
  release();
  return undefined;
}

function isOtherRun(name: string, runId: string): boolean {
  const { groups } = CLAIM_PATTERN.exec(name) ?? {};
  return groups !== undefined && groups['runId'] !== runId && isAlive(Number(groups['pid']));
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
