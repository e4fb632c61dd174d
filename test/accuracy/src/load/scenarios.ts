import type { Scenario } from '../scenario.ts';
import { arrivalsScenario } from './arrivals.ts';
import { closedLoopScenario } from './closed-loop.ts';
import { seedScenario } from './seed.ts';
import { traceScenario } from './trace.ts';

const RATES_PER_SEC = [10, 100, 1000, 5000];

/** Whether the load that is asked for is the load that is delivered. 15,000 streams at once are `pnpm bench streams`. */
export const loadScenarios: readonly Scenario[] = [
  ...(['constant', 'poisson', 'gamma'] as const).flatMap((pattern) =>
    RATES_PER_SEC.map((ratePerSec) => arrivalsScenario(pattern, ratePerSec)),
  ),
  closedLoopScenario({ slots: 1, ttftMs: 2, requestsPerSlot: 2000 }),
  closedLoopScenario({ slots: 16, ttftMs: 5, jitterRatio: 0.2, requestsPerSlot: 800, turnaroundP50Ms: 0.1 }),
  closedLoopScenario({ slots: 256, ttftMs: 100, requestsPerSlot: 60 }),
  closedLoopScenario({ slots: 4096, ttftMs: 2000, requestsPerSlot: 4 }),
  traceScenario,
  seedScenario,
];
