import { writeFile } from 'node:fs/promises';
import { renderMetrics } from './render-metrics.ts';

/** Pages that are made from tables in the code. */
export const PAGES: readonly { readonly path: string; readonly render: () => string }[] = [
  { path: new URL('../../docs/metrics.md', import.meta.url).pathname, render: renderMetrics },
];

/** `pnpm reference`: writes every generated page. */
if (import.meta.main) for (const { path, render } of PAGES) await writeFile(path, render());
