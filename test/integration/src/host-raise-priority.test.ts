import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';

const SCHED_RR = 2;

/** Scheduling class of a thread by its `stat` in `/proc`, for the processes below. */
const POLICY_OF = `const policyOf = (stat) => Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[38]);`;

interface Outcome {
  readonly urgency: string;
  readonly niceBefore: number;
  readonly nice: number;
  /** Scheduling class of the main thread and of one that it has started afterwards; absent where there is no /proc. */
  readonly policies?: readonly [main: number, thread: number];
}

/** In a process of its own, whose priority nobody needs afterwards. */
function raise(isCoreSpare: boolean, path = process.env['PATH']): Outcome {
  const source = `
    import { existsSync, readFileSync } from 'node:fs';
    import { getPriority } from 'node:os';
    import { Worker } from 'node:worker_threads';
    import { raisePriority } from ${JSON.stringify(new URL('../../../packages/host/src/raise-priority.ts', import.meta.url).href)};
    ${POLICY_OF}
    const niceBefore = getPriority();
    const urgency = raisePriority(${isCoreSpare});
    const outcome = { urgency, niceBefore, nice: getPriority() };
    if (existsSync('/proc/thread-self/stat')) {
      const read = \`import { readFileSync } from 'node:fs';
        import { parentPort } from 'node:worker_threads';
        parentPort.postMessage(readFileSync('/proc/thread-self/stat', 'utf8'));\`;
      const thread = await new Promise((resolve) => new Worker(read, { eval: true }).once('message', resolve));
      outcome.policies = [readFileSync('/proc/thread-self/stat', 'utf8'), thread].map(policyOf);
    }
    console.log(JSON.stringify(outcome));`;
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', source], {
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  });
  return JSON.parse(output) as Outcome;
}

describe('the priority is what the outcome says', () => {
  test('with a core to spare', () => {
    const { urgency, niceBefore, nice, policies } = raise(true);
    // Where there is no /proc to ask there is no such class either.
    expect(policies ?? [0, 0]).toEqual(urgency === 'real-time' ? [SCHED_RR, SCHED_RR] : [0, 0]);
    // The right to enter the class can be given without the one to lower the nice value.
    expect(urgency === 'real-time' ? [niceBefore, -20] : [urgency === 'highest' ? -20 : niceBefore]).toContain(nice);
  });

  test.each([
    { why: 'without a core to spare', outcome: () => raise(false) },
    { why: 'without the program that changes classes', outcome: () => raise(true, '/nonexistent') },
  ])('$why never the real-time class', ({ outcome }) => {
    const { urgency, niceBefore, nice, policies } = outcome();
    expect(urgency).not.toBe('real-time');
    expect(policies ?? [0, 0]).toEqual([0, 0]);
    expect(nice).toBe(urgency === 'highest' ? -20 : niceBefore);
  });
});

// Without the right to enter the class there is nothing to leave.
test.skipIf(raise(true).urgency !== 'real-time')(
  'the real-time class can be left (needs root or CAP_SYS_NICE, and chrt)',
  () => {
    const source = `
    import { readFileSync } from 'node:fs';
    import { leaveRealTime, raisePriority } from ${JSON.stringify(new URL('../../../packages/host/src/raise-priority.ts', import.meta.url).href)};
    ${POLICY_OF}
    const policy = () => policyOf(readFileSync('/proc/thread-self/stat', 'utf8'));
    raisePriority(true);
    const before = policy();
    await new Promise((resolve) => leaveRealTime(resolve));
    console.log(JSON.stringify([before, policy()]));`;
    const output = execFileSync(process.execPath, ['--input-type=module', '--eval', source], { encoding: 'utf8' });
    expect(JSON.parse(output)).toEqual([SCHED_RR, 0]);
  },
);
