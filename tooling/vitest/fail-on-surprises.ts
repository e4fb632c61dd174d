import { afterEach, beforeEach, expect } from 'vitest';

/** Unexpected process warnings (deprecations, leaked listeners) fail the test during which they appear. */
const warnings: string[] = [];

const note = (warning: Error): void => {
  if (warning.name !== 'ExperimentalWarning') warnings.push(`${warning.name}: ${warning.message}`);
};

// Several test files share a process; each listens for itself only.
beforeEach(() => {
  warnings.length = 0;
  process.on('warning', note);
});

afterEach(() => {
  process.off('warning', note);
  expect(warnings).toEqual([]);
});
