import { parseArgs } from 'node:util';
import { build } from '@aiperf/tooling-scripts/build';

/**
 * `pnpm conformance [SCENARIO…]`. `--skip-build` uses what was built before, `--keep` leaves what the tools wrote. The scenario `real`
 * (llama.cpp with a real model) runs when it is named.
 */
const { positionals, values } = parseArgs({
  options: { keep: { type: 'boolean', default: false }, 'skip-build': { type: 'boolean', default: false } },
  allowPositionals: true,
});
if (!values['skip-build']) await build();
// Loaded only now, because it reads a package as built.
const { runConformance } = await import('./run-conformance.ts');
process.exitCode = await runConformance(positionals, values.keep);
