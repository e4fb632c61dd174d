import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A private directory that is gone after its scope, or at the latest with this process. */
export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

const live = new Set<string>();
process.on('exit', () => live.forEach((path) => rmSync(path, { recursive: true, force: true })));

export async function temporaryDirectory(): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(tmpdir(), 'aiperf-bench-'));
  live.add(path);
  const dispose = async (): Promise<void> => {
    await rm(path, { recursive: true, force: true });
    live.delete(path);
  };
  return { path, [Symbol.asyncDispose]: dispose };
}
