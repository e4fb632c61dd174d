import { parseArgs } from 'node:util';
import { build } from '@aiperf/tooling-scripts/build';

/** `pnpm accuracy [NAME…] [--quick]`: three runs of each scenario, or one with `--quick`, which also shortens those of
 * load control; `--repeats N` says it. `--skip-build` uses what was built before; `--host-tuning auto` measures with it. */
const { positionals, values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    repeats: { type: 'string' },
    'skip-build': { type: 'boolean', default: false },
    'host-tuning': { type: 'string', default: 'off' },
  },
  allowPositionals: true,
});
process.env['AIPERF_HOST_TUNING'] = values['host-tuning'];
if (!values['skip-build']) await build();
// Loaded only now, because it reads the packages as built.
const { runAccuracy } = await import('./run-accuracy.ts');
const repeats = values.repeats === undefined ? (values.quick ? 1 : 3) : Number(values.repeats);
if (!Number.isSafeInteger(repeats) || repeats < 1) throw new Error(`--repeats must be a whole number of at least 1`);
process.exitCode = await runAccuracy(positionals, { repeats, isQuick: values.quick });
