import { parseArgs } from 'node:util';
import { build } from '@aiperf/tooling-scripts/build';

/** `pnpm accuracy [NAME…] [--quick]`: three runs of each scenario, or one with `--quick`. `--skip-build` uses what was built before. */
const { positionals, values } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, 'skip-build': { type: 'boolean', default: false } },
  allowPositionals: true,
});
if (!values['skip-build']) await build();
// Loaded only now, because it reads the packages as built.
const { runAccuracy } = await import('./run-accuracy.ts');
process.exitCode = await runAccuracy(positionals, values.quick ? 1 : 3);
