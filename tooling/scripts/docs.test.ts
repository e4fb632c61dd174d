import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from 'vitest';
import { PAGES } from './docs.ts';

test.for(PAGES.map(({ path, render }) => [basename(path), path, render] as const))(
  '%s is what the code says; `pnpm reference` writes it anew',
  ([, path, render]) => {
    expect(readFileSync(path, 'utf8')).toBe(render());
  },
);
