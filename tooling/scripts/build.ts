import { readdir, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, join } from 'node:path';
import { build as bundle } from 'esbuild';
import { runStep } from './steps.ts';

const root = new URL('../..', import.meta.url).pathname;
const outdir = `${root}apps/aiperf/dist/bundle`;

/** Compiles every package and bundles the command, so that it starts from a few files and needs only native addons beside it. */
export async function build(): Promise<void> {
  const types = await runStep({ name: 'types', command: ['tsc', '-b', 'packages/telemetry', 'apps/aiperf'] });
  if (types.exitCode !== 0) throw new Error(types.output);
  const { metafile } = await bundle({
    absWorkingDir: root,
    entryPoints: {
      cli: 'apps/aiperf/src/cli.ts',
      'service-main': 'packages/controller/src/service-main.ts',
      'engine-thread': 'packages/metrics/src/engine-thread.ts',
      'alarm-thread': 'packages/timing/src/alarm-thread.ts',
    },
    outdir,
    bundle: true,
    metafile: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node22',
    conditions: ['@aiperf/source'],
    // Its Node entry is CommonJS, of which nothing can be left out and which starts slower.
    alias: { rxjs: join(createRequire(`${root}packages/comms/package.json`).resolve('rxjs'), '../../esm/index.js') },
    // Native addons find their binaries beside themselves, so they stay packages of their own.
    external: ['zeromq', 'tokenizers'],
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'linked',
    // CommonJS dependencies inside an ES module still call require for Node's own modules.
    banner: {
      js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
    },
  });
  // Afterwards, so that a command that is running still finds its files until the new ones are there.
  const current = new Set(Object.keys(metafile.outputs).map((path) => basename(path)));
  for (const name of await readdir(outdir)) {
    if (!current.has(name)) await rm(join(outdir, name));
  }
}

if (import.meta.main) await build();
