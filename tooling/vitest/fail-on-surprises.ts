import { afterEach, beforeEach, expect } from 'vitest';

/** Unexpected process warnings (deprecations, leaked listeners) fail the test during which they appear. */
const warnings: string[] = [];

process.on('warning', (warning) => {
  if (warning.name !== 'ExperimentalWarning') warnings.push(`${warning.name}: ${warning.message}`);
});

beforeEach(() => {
  warnings.length = 0;
});

afterEach(() => {
  expect(warnings).toEqual([]);
});
