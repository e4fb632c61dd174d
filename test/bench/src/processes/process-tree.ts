import { readdir, readFile } from 'node:fs/promises';

const MAX_TITLE_LENGTH = 60;

/** Memory of one process. */
export interface ProcessMemory {
  /** Its title, such as `aiperf worker_1a2b3c4d`. */
  readonly title: string;
  readonly rssBytes: number;
  readonly pssBytes: number;
}

/** Memory of a process and all below it. */
export interface TreeMemory {
  readonly processes: readonly ProcessMemory[];
  /** Sum of the resident sizes: pages that processes share are counted in each of them, so this is an upper bound. */
  readonly rssBytes: number;
  /** The same with shared pages divided among those who share them: what the tree really occupies. */
  readonly pssBytes: number;
}

/** Reads `/proc`; a process that ends meanwhile counts as nothing. */
export async function treeMemory(rootPid: number): Promise<TreeMemory> {
  const processes = await Promise.all((await treePids(rootPid)).map(processMemory));
  return {
    processes,
    rssBytes: processes.reduce((sum, { rssBytes }) => sum + rssBytes, 0),
    pssBytes: processes.reduce((sum, { pssBytes }) => sum + pssBytes, 0),
  };
}

async function processMemory(pid: number): Promise<ProcessMemory> {
  const read = (file: string): Promise<string> => readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');
  const [rollup, commandLine] = await Promise.all([read('smaps_rollup'), read('cmdline')]);
  const title = commandLine.replaceAll('\0', ' ').trim().slice(0, MAX_TITLE_LENGTH);
  return { title, rssBytes: fieldBytes(rollup, 'Rss'), pssBytes: fieldBytes(rollup, 'Pss') };
}

/** CPU time of one running process, without its children. Counted in hundredths of a second. */
export async function processCpuSec(pid: number): Promise<number> {
  const fields = statFields(await readFile(`/proc/${pid}/stat`, 'utf8'));
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function treePids(rootPid: number): Promise<readonly number[]> {
  const names = (await readdir('/proc')).filter((name) => /^\d+$/u.test(name));
  const children = new Map<number, number[]>();
  await Promise.all(
    names.map(async (name) => {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => undefined);
      if (stat === undefined) return;
      const parent = Number(statFields(stat)[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    }),
  );
  const tree = [rootPid];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

/** Fields of `/proc/PID/stat` after the command's name, which may hold spaces: state, parent, … */
function statFields(stat: string): readonly string[] {
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function fieldBytes(rollup: string, name: string): number {
  return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'mu').exec(rollup)?.[1] ?? 0) * 1024;
}
