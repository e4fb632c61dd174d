import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROOT = new URL('../../', import.meta.url).pathname;

/** Types of all messages that the packages publish. A message to one service names it before the type. */
function publishedTypes(): string[] {
  const files = globSync('packages/*/src/**/*.ts', { cwd: ROOT, exclude: ['**/*.test.*', '**/testing/**'] });
  return files.flatMap((file) =>
    [...readFileSync(`${ROOT}${file}`, 'utf8').matchAll(/\bpublish(?:To)?\(\s*(?:\{[^}]*\},\s*)?'(\w+)'/gu)].map(
      ([, type = '']) => type,
    ),
  );
}

/** Types in the first column of the table. */
function documentedTypes(): string[] {
  const rows = readFileSync(`${ROOT}docs/bus.md`, 'utf8').matchAll(/^\| (`.*?) \|/gmu);
  return [...rows].flatMap(([, topics = '']) =>
    [...topics.matchAll(/`(\w+)(?:\.…)?\$`/gu)].map(([, type = '']) => type),
  );
}

/** Sent by the bus itself, not through `publish`. */
const PROBE = 'connection_probe';

test('docs/bus.md lists what is published, each once, and nothing else', () => {
  expect(documentedTypes().toSorted()).toEqual([...new Set([...publishedTypes(), PROBE])].toSorted());
});
