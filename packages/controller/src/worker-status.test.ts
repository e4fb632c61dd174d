import { expect, test } from 'vitest';
import { observeWorker, statusOf, type WorkerHistory, type WorkerSample } from './worker-status.ts';

const calm: WorkerSample = { cpuPercent: 10, inProgress: 2, failed: 0 };

function after(samples: readonly (readonly [atMs: number, sample: Partial<WorkerSample>])[]): WorkerHistory {
  let history: WorkerHistory | undefined;
  for (const [atMs, sample] of samples) history = observeWorker(history, { ...calm, ...sample }, atMs);
  if (history === undefined) throw new Error('no sample');
  return history;
}

test.for([
  ['requests in flight and little load', after([[0, {}]]), 100, 'healthy'],
  ['nothing in flight', after([[0, { inProgress: 0 }]]), 100, 'idle'],
  [
    'a new failure',
    after([
      [0, {}],
      [1000, { failed: 1 }],
    ]),
    1500,
    'error',
  ],
  [
    'an old failure',
    after([
      [0, {}],
      [1000, { failed: 1 }],
      [5000, { failed: 1 }],
    ]),
    5100,
    'healthy',
  ],
  ['a busy core', after([[0, { cpuPercent: 90 }]]), 100, 'high_load'],
  [
    'a core that was busy 4 s ago',
    after([
      [0, { cpuPercent: 90 }],
      [4000, {}],
    ]),
    4100,
    'high_load',
  ],
  ['failure and load', after([[0, { cpuPercent: 90, failed: 1 }]]), 100, 'error'],
  ['silence', after([[0, {}]]), 11_000, 'stale'],
] as const)('%s', ([, history, nowMs, status]) => {
  expect(statusOf(history, nowMs)).toBe(status);
});
