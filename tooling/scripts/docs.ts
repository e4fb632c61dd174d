import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { JSON_SCHEMAS } from '@aiperf/exporters/reference';
import { renderArrowSchema } from './render-arrow-schema.ts';
import { renderDialects } from './render-dialects.ts';
import { renderMetrics } from './render-metrics.ts';

/** Pages that are made from tables in the code. */
export const PAGES: readonly { readonly path: string; readonly render: () => string }[] = [
  { path: new URL('../../docs/metrics.md', import.meta.url).pathname, render: renderMetrics },
  { path: new URL('../../docs/arrow-schema.md', import.meta.url).pathname, render: renderArrowSchema },
  { path: new URL('../../docs/dialects.md', import.meta.url).pathname, render: renderDialects },
  ...Object.entries(JSON_SCHEMAS).map(([name, schema]) => ({
    path: new URL(`../../docs/schemas/${name}.schema.json`, import.meta.url).pathname,
    render: () => `${JSON.stringify(schema, null, 2)}\n`,
  })),
];

/** `pnpm reference`: writes every generated page. */
if (import.meta.main)
  for (const { path, render } of PAGES) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, render());
  }
