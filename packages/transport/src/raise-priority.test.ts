import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** In a process of its own, whose priority nobody needs afterwards. */
test('the priority is the highest, or stays as it was where that is not allowed', () => {
  const source = `
    import { getPriority } from 'node:os';
    import { raisePriority } from ${JSON.stringify(new URL('raise-priority.ts', import.meta.url).href)};
    const before = getPriority();
    console.log(JSON.stringify({ before, isRaised: raisePriority(), after: getPriority() }));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', source], { encoding: 'utf8' });
  const { before, isRaised, after } = JSON.parse(output) as { before: number; isRaised: boolean; after: number };
  expect(after).toBe(isRaised ? -20 : before);
});
