import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const root = join(import.meta.dirname, '../../..');
const LISTING = join(import.meta.dirname, 'support/loaded-packages.ts');

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const packages = await Promise.all(
  (await readdir(join(root, 'packages'))).map(async (folder) => {
    const directory = join(root, 'packages', folder);
    const manifest = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as Manifest;
    const entries = Object.keys(manifest.exports).filter((entry) => !/^\.\/(?:service|streams|testing)$/u.test(entry));
    const { name, dependencies = {} } = manifest;
    return { name, directory, dependencies: Object.keys(dependencies), entries };
  }),
);
const byName = new Map(packages.map((each) => [each.name, each]));

/** A package with those of the workspace that it depends on, directly or not. */
function withDependencies(name: string, found: Set<string> = new Set()): Set<string> {
  found.add(name);
  for (const other of byName.get(name)?.dependencies ?? [])
    if (byName.has(other) && !found.has(other)) withDependencies(other, found);
  return found;
}

/** Packages that a program which uses one package must be spared. */
const HEAVY = ['zod', 'yaml', 'zeromq', 'tokenizers', 'gpt-tokenizer', '@aiperf/config', '@aiperf/comms'];
const SPARED: Readonly<Record<string, { readonly installed: readonly string[]; readonly loaded: readonly string[] }>> =
  {
    '@aiperf/records': { installed: [...HEAVY, 'rxjs', 'undici'], loaded: HEAVY },
    '@aiperf/host': { installed: [...HEAVY, 'rxjs', 'undici', 'apache-arrow'], loaded: HEAVY },
    '@aiperf/nearest-name': { installed: [...HEAVY, 'rxjs', 'undici', 'apache-arrow'], loaded: HEAVY },
    '@aiperf/endpoints': { installed: [...HEAVY, 'rxjs', 'undici'], loaded: HEAVY },
    '@aiperf/transport': { installed: [...HEAVY, 'rxjs', '@aiperf/timing', '@aiperf/endpoints'], loaded: HEAVY },
    '@aiperf/metrics': { installed: [...HEAVY, 'undici', '@aiperf/timing', '@aiperf/transport'], loaded: HEAVY },
    '@aiperf/exporters': { installed: [...HEAVY, 'undici', '@aiperf/timing', '@aiperf/transport'], loaded: HEAVY },
    '@aiperf/telemetry': { installed: [...HEAVY, 'rxjs', 'undici', 'apache-arrow'], loaded: HEAVY },
    '@aiperf/dataset': { installed: ['zod', 'zeromq', 'rxjs', 'undici', 'apache-arrow'], loaded: HEAVY },
    '@aiperf/timing': { installed: ['zeromq', 'undici'], loaded: HEAVY },
    '@aiperf/worker': { installed: ['zeromq'], loaded: HEAVY },
    '@aiperf/config': {
      installed: ['zeromq', 'tokenizers', 'gpt-tokenizer', 'rxjs', 'undici'],
      loaded: ['zeromq', 'yaml'],
    },
  };

/** The library's types name those of the options, which are a peer. */
const NEEDS_TYPES_OF_PEERS: ReadonlySet<string> = new Set(['@aiperf/dataset']);

let scratch = '';
const tarballs = new Map<string, string>();
const table: string[] = [];

async function pack({ name, directory }: { readonly name: string; readonly directory: string }): Promise<void> {
  const { stdout } = await run('npx', ['-y', 'pnpm@12', 'pack', '--json', '--pack-destination', scratch], {
    cwd: directory,
  });
  tarballs.set(name, (JSON.parse(stdout.slice(stdout.indexOf('{'))) as { filename: string }).filename);
}

/** Modules of the workspace that the types of the imports name and that are not there. */
async function missingTypes(home: string, specifiers: readonly string[]): Promise<string[]> {
  await writeFile(join(home, 'types.ts'), specifiers.map((specifier) => `import '${specifier}';\n`).join(''));
  const flags = ['--noEmit', '--strict', '--module', 'nodenext', '--target', 'esnext', '--ignoreConfig'];
  // Types of other packages may have faults of their own.
  const output = await run(join(root, 'node_modules/.bin/tsc'), [...flags, 'types.ts'], { cwd: home }).then(
    ({ stdout }) => stdout,
    (error: { readonly stdout: string }) => error.stdout,
  );
  return output.split('\n').filter((line) => /TS2307: Cannot find module '@aiperf\/|TS5|TS6/u.test(line));
}

/** An empty folder with one package in it, and those that it depends on. */
async function install(name: string): Promise<string> {
  const home = await mkdtemp(join(scratch, 'alone-'));
  const dependencies = Object.fromEntries(
    Array.from(withDependencies(name), (each) => [each, `file:${tarballs.get(each) ?? ''}`]),
  );
  await writeFile(join(home, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies }));
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline'], { cwd: home });
  return home;
}

/** Everything in a `node_modules`, however deep. */
async function installedIn(home: string): Promise<string[]> {
  const lock = JSON.parse(await readFile(join(home, 'node_modules/.package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, unknown>>;
  };
  return [...new Set(Object.keys(lock.packages).map((path) => path.replace(/.*node_modules\//u, '')))].sort();
}

/** Runs a program there; answers what it printed, and the packages it loaded. */
async function runThere(home: string, file: string, code: string): Promise<{ stdout: string; loaded: string[] }> {
  await writeFile(join(home, file), code);
  const list = join(home, `${file}.loaded.json`);
  const { stdout } = await run(process.execPath, ['--import', LISTING, file], {
    cwd: home,
    timeout: 60_000,
    env: { ...process.env, NODE_OPTIONS: '', LOADED_PACKAGES: list },
  });
  return { stdout, loaded: JSON.parse(await readFile(list, 'utf8')) as string[] };
}

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'aiperf-alone-'));
  for (const each of packages) await pack(each);
}, 300_000);
afterAll(async () => {
  console.log(['package | installed with it | loaded by its import', ...table].join('\n'));
  await rm(scratch, { recursive: true });
});

describe('a package installed alone into an empty folder', () => {
  test.for(packages)(
    '$name loads, and its example runs',
    { timeout: 300_000 },
    async ({ name, directory, entries }) => {
      const home = await install(name);
      const installed = await installedIn(home);
      const { loaded } = await runThere(home, 'import.mjs', `await import('${name}');`);
      table.push(`${name} | ${without(installed, name)} | ${without(loaded, name)}`);
      const spared = SPARED[name] ?? { installed: [], loaded: [] };
      expect(installed.filter((each) => spared.installed.includes(each))).toEqual([]);
      expect(loaded.filter((each) => spared.loaded.includes(each))).toEqual([]);
      const missing = await missingTypes(
        home,
        entries.map((entry) => join(name, entry)),
      );
      expect(missing.length > 0).toBe(NEEDS_TYPES_OF_PEERS.has(name));
      const readme = await readFile(join(directory, 'README.md'), 'utf8');
      const [, example = ''] = /^```ts\n([^]*?)^```$/mu.exec(readme) ?? [];
      const { stdout } = await runThere(home, 'example.ts', example);
      expect(stdout.trim()).not.toBe('');
    },
  );
});

function without(names: readonly string[], name: string): string {
  return names.filter((each) => each !== name).join(' ') || 'nothing';
}
