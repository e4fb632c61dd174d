import { readdirSync, readFileSync } from 'node:fs';

/** A process as the kernel shows it. */
export interface RunningProcess {
  readonly pid: number;
  readonly parentPid: number;
  /** What the process calls itself, such as `aiperf worker_0a1b2c3d`. */
  readonly title: string;
  /** Tells it from a later process with the same id. */
  readonly startTicks: string;
}

function readProcess(pid: number): RunningProcess | undefined {
  try {
    // The name in parentheses may itself hold blanks and parentheses.
    const [state = '', parent = '', ...rest] =
      readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1)?.split(' ') ?? [];
    // A zombie has ended; it only waits for its exit code to be read.
    if (state === 'Z' || state === 'X') return undefined;
    const title = readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ').trim();
    return { pid, parentPid: Number(parent), title, startTicks: rest[17] ?? '' };
  } catch {
    // It ended between two reads.
    return undefined;
  }
}

/** The live processes below `pid`, itself not included. */
export function descendantsOf(pid: number): readonly RunningProcess[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/u.test(name))
    .flatMap((name) => readProcess(Number(name)) ?? []);
  const found: RunningProcess[] = [];
  const parents = new Set([pid]);
  for (let isGrowing = true; isGrowing;) {
    const next = all.filter((child) => parents.has(child.parentPid) && !parents.has(child.pid));
    for (const child of next) parents.add(child.pid);
    found.push(...next);
    isGrowing = next.length > 0;
  }
  return found;
}

/** Those of `processes` that still run. */
export function stillRunning(processes: readonly RunningProcess[]): readonly RunningProcess[] {
  return processes.filter(({ pid, startTicks }) => readProcess(pid)?.startTicks === startTicks);
}
