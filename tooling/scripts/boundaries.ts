import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** What a package may import of the workspace. Anything else is an error, and so is an edge that nothing uses any more. */
interface Edges {
  /** By the library: what is loaded when an entry point other than `./service` and `./streams` is imported. Installed with the package. */
  readonly library: readonly string[];
  /** Named in its types only; nothing is loaded. */
  readonly types?: readonly string[];
  /** By the long-running part, `./service`, and the operators that it is made of, `./streams`, beside those of the library. */
  readonly service?: readonly string[];
}

/** The graph that ARCHITECTURE.md draws. */
export const GRAPH: Readonly<Record<string, Edges>> = {
  records: { library: [] },
  host: { library: [] },
  'nearest-name': { library: [] },
  config: { library: ['nearest-name', 'endpoints'] },
  comms: { library: [] },
  telemetry: { library: [] },
  endpoints: { library: ['records'] },
  transport: { library: ['records'] },
  dataset: { library: ['nearest-name'], types: ['config'], service: ['comms'] },
  timing: { library: ['records', 'dataset'], types: ['config'], service: ['comms'] },
  worker: {
    library: ['records', 'endpoints', 'timing'],
    types: ['transport', 'dataset'],
    service: ['transport', 'host', 'dataset', 'comms', 'config'],
  },
  metrics: {
    library: ['records', 'endpoints', 'nearest-name'],
    service: ['host', 'timing', 'dataset', 'config', 'comms'],
  },
  exporters: { library: ['records', 'endpoints', 'metrics'] },
  controller: {
    library: [
      'records',
      'config',
      'comms',
      'dataset',
      'endpoints',
      'timing',
      'transport',
      'worker',
      'metrics',
      'exporters',
    ],
  },
};

/** One import as it stands in a file. */
interface Import {
  readonly specifier: string;
  readonly isType: boolean;
}

const IMPORT_PATTERN =
  /^(?:import|export)(?<type>\s+type)?\s+(?<names>\{[^}]*\}|[^'{]*?)\s*(?:from\s*)?'(?<from>[^']+)'|import\('(?<dynamic>[^']+)'\)|new URL\('(?<url>\.[^']+\.ts)', import\.meta\.url\)/gmu;

/** Every import of a source text. One whose names are all types counts as a type's. */
export function importsOf(source: string): Import[] {
  return Array.from(source.matchAll(IMPORT_PATTERN), ({ groups = {} }) => {
    const { type, names = '', from, dynamic, url } = groups;
    const listed = names.startsWith('{')
      ? names
          .slice(1, -1)
          .split(',')
          .filter((name) => name.trim() !== '')
      : [];
    const isType = type !== undefined || (listed.length > 0 && listed.every((name) => name.trim().startsWith('type ')));
    return { specifier: from ?? dynamic ?? url ?? '', isType };
  });
}

/** Workspace packages that the files reachable from `entries` import. */
export function importedPackages(
  entries: readonly string[],
  read: (path: string) => string,
): { loaded: Set<string>; named: Set<string> } {
  const loaded = new Set<string>();
  const named = new Set<string>();
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    for (const { specifier, isType } of importsOf(read(path))) {
      const [, name] = /^@aiperf\/([^/]+)/u.exec(specifier) ?? [];
      if (name !== undefined) (isType ? named : loaded).add(name);
      else if (specifier.startsWith('.')) visit(resolve(dirname(path), specifier));
    }
  };
  for (const entry of entries) visit(entry);
  return { loaded, named };
}

interface Manifest {
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** What of one package is not as the graph says. */
function problemsOf(name: string, directory: string, edges: Edges): string[] {
  const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8')) as Manifest;
  const entries = Object.entries(manifest.exports).map(([subpath, conditions]) => ({
    subpath,
    path: join(directory, conditions['@aiperf/source'] ?? ''),
  }));
  const read = (path: string): string => readFileSync(path, 'utf8');
  const isLibrary = (subpath: string): boolean => !/^\.\/(service|streams|testing)/u.test(subpath);
  const library = importedPackages(
    entries.filter(({ subpath }) => isLibrary(subpath)).map(({ path }) => path),
    read,
  );
  const whole = importedPackages(
    entries.filter(({ subpath }) => subpath !== './testing').map(({ path }) => path),
    read,
  );
  const { library: allowed, types = [], service = [] } = edges;
  const problems: string[] = [];
  const check = (part: string, found: Iterable<string>, permitted: readonly string[]): void => {
    for (const other of found)
      if (!permitted.includes(other)) problems.push(`${name} ${part} ${other}, which the graph does not allow`);
  };
  check('loads', library.loaded, allowed);
  check('names types of', library.named, [...allowed, ...types]);
  check('loads in its service', whole.loaded, [...allowed, ...service]);
  check('names in its service types of', whole.named, [...allowed, ...types, ...service]);
  // A dependency of the workspace's own tests would do here, and be missing where the package is installed.
  const { dependencies = {}, peerDependencies = {} } = manifest;
  for (const other of library.loaded)
    if (!(`@aiperf/${other}` in dependencies)) problems.push(`${name} loads ${other}, which is not installed with it`);
  for (const other of whole.loaded)
    if (!(`@aiperf/${other}` in dependencies) && !(`@aiperf/${other}` in peerDependencies))
      problems.push(`${name} loads ${other} in its service, which is neither a dependency nor a peer of it`);
  for (const other of allowed)
    if (!library.loaded.has(other) && !library.named.has(other))
      problems.push(`${name} does not import ${other} any more`);
  for (const other of service)
    if (!whole.loaded.has(other) && !whole.named.has(other))
      problems.push(`${name} does not import ${other} in its service any more`);
  return problems;
}

/** Holds every package against the graph. */
export function checkBoundaries(root: string): string[] {
  const packages = join(root, 'packages');
  return readdirSync(packages).flatMap((name) => {
    const edges = GRAPH[name];
    return edges === undefined
      ? [`packages/${name} is not in the graph`]
      : problemsOf(name, join(packages, name), edges);
  });
}

if (import.meta.main) {
  const problems = checkBoundaries(resolve(import.meta.dirname, '../..'));
  for (const problem of problems) console.error(problem);
  if (problems.length > 0) process.exitCode = 1;
}
