import { defineConfig } from 'vitest/config';

/** Tests with real processes, sockets, servers and libraries. One file at a time: they would take the cores from each other. */
export default defineConfig({
  resolve: { conditions: ['@aiperf/source'] },
  ssr: { resolve: { conditions: ['@aiperf/source'], externalConditions: ['@aiperf/source'] } },
  test: {
    root: import.meta.dirname,
    include: ['src/**/*.test.ts'],
    setupFiles: ['../../tooling/vitest/fail-on-surprises.ts'],
    expect: { requireAssertions: true },
    testTimeout: 120_000,
    hookTimeout: 300_000,
    fileParallelism: false,
    // Of tests that say they may run side by side: each has processes of its own.
    maxConcurrency: 3,
    pool: 'forks',
    execArgv: ['-C', '@aiperf/source'],
  },
});
