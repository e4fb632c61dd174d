import { runAiperf } from '../client-run.ts';
import type { PairedStamps } from '../pair-stamps.ts';
import type { Scenario } from '../scenario.ts';

const RATE_PER_SEC = 500;
const REQUESTS = 4000;
const QUICK_REQUESTS = 1000;

/** Two runs of one seed, by one worker and by four: what is due when, and which conversation it is. */
export const seedScenario: Scenario = {
  name: 'load-seed',
  title: 'one seed, 1 and 4 workers',
  run: async (isQuick) => {
    const count = isQuick ? QUICK_REQUESTS : REQUESTS;
    const load = ['--request-rate', String(RATE_PER_SEC), '--request-count', String(count), '--osl', '1'];
    const order = ['--num-dataset-entries', '200', '--dataset-sampling-strategy', 'random'];
    const runs: (readonly string[])[] = [];
    for (const workers of ['1', '4']) {
      const options = ['--workers-min', workers, '--workers-max', workers];
      runs.push(schedule(await runAiperf({ ttftMs: 0, itlMs: 0 }, [...load, ...order, ...options])));
    }
    const [one = [], four = []] = runs;
    const different = one.filter((line, index) => line !== four[index]).length + Math.abs(one.length - four.length);
    return [
      { name: 'requests compared', value: one.length, unit: 'count', budget: { atLeast: count } },
      { name: 'other due time or conversation', value: different, unit: 'count', budget: { atMost: 0 } },
    ];
  },
};

/** One line a request in the order of the sessions; due times count from the first, because runs begin at different times. */
function schedule(pairs: PairedStamps): readonly string[] {
  const rows = pairs
    .map(({ client }) => client)
    .toSorted((a, b) => a.sessionNumber - b.sessionNumber || a.turnIndex - b.turnIndex);
  const firstNs = rows[0]?.dueNs ?? Number.NaN;
  return rows.map(
    ({ sessionNumber, turnIndex, conversationId, dueNs }) =>
      `${sessionNumber} ${turnIndex} ${conversationId} ${dueNs - firstNs}`,
  );
}
