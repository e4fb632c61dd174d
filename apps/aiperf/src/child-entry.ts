import { fileURLToPath } from 'node:url';
import type { ChildEntry } from '@aiperf/controller';

/** Where the child processes' code is: beside this file in the bundle, in the controller package when sources are run. */
export function childEntry(): ChildEntry {
  const isSource = import.meta.url.endsWith('.ts');
  const url = isSource
    ? import.meta.resolve('@aiperf/controller/service-main')
    : new URL('service-main.js', import.meta.url);
  return { path: fileURLToPath(url), execArgv: isSource ? ['-C', '@aiperf/source'] : [] };
}
