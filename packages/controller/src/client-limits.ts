import { readFile } from 'node:fs/promises';
import { ControllerError } from './controller-error.ts';

/** What a worker opens beside its connections: sockets of the bus, the dataset, spool files, those of Node itself. */
const OTHER_DESCRIPTORS = 64;

/** The limits of this host that a load can meet; absent where the system does not tell. */
export interface ClientLimits {
  /** Files and sockets that one process may have open. */
  readonly openFiles: number | undefined;
  /** Local ports, each of which one connection to the same server takes. */
  readonly localPorts: number | undefined;
}

/** A load as far as it needs connections. */
export interface ConnectionDemand {
  readonly connections: number;
  readonly workers: number;
  readonly servers: number;
}

/** Files and sockets that each worker of the load has open at once. */
export function openFilesNeeded({ connections, workers }: Omit<ConnectionDemand, 'servers'>): number {
  return Math.ceil(connections / workers) + OTHER_DESCRIPTORS;
}

/** Why the load cannot be offered from here; empty: it can. Met in the middle of a run, each would look like a fault of the server. */
export function limitProblems(demand: ConnectionDemand, limits: ClientLimits): readonly string[] {
  const { connections, workers, servers } = demand;
  const { openFiles, localPorts } = limits;
  const needed = openFilesNeeded(demand);
  const problems: string[] = [];
  if (openFiles !== undefined && needed > openFiles) {
    problems.push(
      `${connections} requests at once from ${workers} worker processes need ${needed} open files in each, and ${openFiles} are allowed ` +
        `(raise it with ulimit -n, or change --concurrency or --workers-max; ` +
        `${Math.max(0, openFiles - OTHER_DESCRIPTORS) * workers} at once would work)`,
    );
  }
  if (localPorts !== undefined && connections > localPorts * servers) {
    problems.push(
      `${connections} requests at once need as many local ports, and this host has ${localPorts} for each server ` +
        `(widen net.ipv4.ip_local_port_range, give more addresses with --url, or lower --concurrency; ` +
        `${localPorts * servers} at once would work)`,
    );
  }
  return problems;
}

/** Throws when the load cannot be offered from this host. */
export async function assertWithinLimits(demand: ConnectionDemand): Promise<void> {
  const problems = limitProblems(demand, await readClientLimits());
  if (problems.length > 0) throw new ControllerError('AIPERF_CONTROLLER_UNUSABLE', problems.join('; '));
}

/** The limits of this process, which its children inherit. */
export async function readClientLimits(): Promise<ClientLimits> {
  // Only Linux has these files.
  const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
  const [limits, range] = await Promise.all([
    read('/proc/self/limits'),
    read('/proc/sys/net/ipv4/ip_local_port_range'),
  ]);
  const openFiles = /^Max open files +(\d+)/mu.exec(limits)?.[1];
  const [, first, last] = /^(\d+)\s+(\d+)/u.exec(range) ?? [];
  return {
    openFiles: openFiles === undefined ? undefined : Number(openFiles),
    localPorts: first === undefined ? undefined : Number(last) - Number(first) + 1,
  };
}
