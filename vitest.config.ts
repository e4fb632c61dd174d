import { defineConfig } from 'vitest/config';

/** Unit tests: no network, no real time, no sleep. Sources are run directly through the `@aiperf/source` condition. */
export default defineConfig({
  resolve: { conditions: ['@aiperf/source'] },
  ssr: { resolve: { conditions: ['@aiperf/source'], externalConditions: ['@aiperf/source'] } },
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'apps/*/src/**/*.test.ts',
      'tooling/**/*.test.ts',
      'test/conformance/src/**/*.test.ts',
    ],
    setupFiles: ['tooling/vitest/fail-on-surprises.ts'],
    expect: { requireAssertions: true },
    testTimeout: 20_000,
    pool: 'forks',
    // A process for each of 170 files takes longer than half of the tests. No file replaces modules that another one uses.
    isolate: false,
    execArgv: ['-C', '@aiperf/source'],
  },
});
