import { readFileSync } from 'node:fs';

/** Fields of a process's or thread's `stat` in `/proc`, from the third on: the second is a name, which may hold blanks. Throws without one. */
export function readKernelStat(path: string): readonly string[] {
  const stat = readFileSync(path, 'utf8');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
