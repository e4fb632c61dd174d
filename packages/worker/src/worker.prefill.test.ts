import { expect, test, vi } from 'vitest';
import { begin, createRig, grant, MS, type Ending, type Rig } from './worker-rig.test.support.ts';

const role = 'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}\n\n';
const content = 'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}\n\n';

function stream(reads: readonly (readonly [atMs: number, text: string])[], endMs: number): Ending {
  return { contentType: 'text/event-stream', reads, endMs };
}

/** When a first token was told, as [ms, credit]. */
function firstTokens(rig: Rig): [atMs: number, creditId: number, phaseIndex: number][] {
  const told: [number, number, number][] = [];
  const tell = rig.worker.credits.firstTokenArrived.bind(rig.worker.credits);
  rig.worker.credits.firstTokenArrived = (creditId, phaseIndex) => {
    told.push([rig.clock.now() / MS, creditId, phaseIndex]);
    tell(creditId, phaseIndex);
  };
  return told;
}

test('the first content is told once, when it came', () => {
  const rig = createRig(() =>
    stream(
      [
        [5, role],
        [8, content.slice(0, 20)],
        [12, content.slice(20)],
        [15, content],
      ],
      20,
    ),
  );
  const told = firstTokens(rig);
  begin(rig, 4, 2, { prefillSlots: 4 });
  grant(rig, [9], { phaseIndex: 2 });
  rig.clock.runUntilIdle(1000 * MS);
  expect(told).toEqual([[12, 9, 2]]);
});

test('a prefill slot is free again at the first token, and the next request goes', () => {
  const rig = createRig(() => stream([[10, role + content]], 50));
  begin(rig, 4, 0, { prefillSlots: 1 });
  grant(rig, [0, 1, 2]);
  rig.clock.runUntilIdle(1000 * MS);
  expect(rig.transport.sent.map(({ atMs }) => atMs)).toEqual([0, 10, 20]);
});

test('a whole answer frees its prefill slot at its end', () => {
  const rig = createRig(() => ({
    contentType: 'application/json',
    reads: [[10, '{"choices":[{"message":{"content":"x"}}]}']],
    endMs: 30,
  }));
  const told = firstTokens(rig);
  begin(rig, 4, 0, { prefillSlots: 1 });
  grant(rig, [0, 1]);
  rig.clock.runUntilIdle(1000 * MS);
  expect(told).toEqual([]);
  expect(rig.transport.sent.map(({ atMs }) => atMs)).toEqual([0, 30]);
});

test('content that comes with the end is not told: the end frees the slot', () => {
  const rig = createRig(() => stream([[10, role + content]], 10));
  const told = firstTokens(rig);
  begin(rig, 1, 0, { prefillSlots: 1 });
  grant(rig, [0, 1]);
  rig.clock.runUntilIdle(1000 * MS);
  expect(told).toEqual([]);
  expect(rig.outcomes()).toEqual(['completed', 'completed']);
});

test('each request on a used exchange is looked at from its own beginning', () => {
  const rig = createRig(() =>
    stream(
      [
        [5, role],
        [10, content],
      ],
      20,
    ),
  );
  const told = firstTokens(rig);
  begin(rig, 1, 0, { prefillSlots: 1 });
  grant(rig, [0, 1, 2]);
  rig.clock.runUntilIdle(1000 * MS);
  expect(told).toEqual([
    [10, 0, 0],
    [30, 1, 0],
    [50, 2, 0],
  ]);
  expect(rig.transport.exchanges.size).toBeLessThan(3);
});

test('without a prefill limit nothing is looked at', () => {
  const parse = vi.spyOn(JSON, 'parse');
  try {
    const rig = createRig(() => stream([[10, role + content]], 50));
    const told = firstTokens(rig);
    begin(rig, 1);
    grant(rig, [0]);
    rig.clock.advanceTo(5 * MS);
    const [exchange] = rig.transport.exchanges;
    expect([exchange?.onBody, exchange?.onSent]).toEqual([undefined, undefined]);
    rig.clock.runUntilIdle(1000 * MS);
    expect(told).toEqual([]);
    expect(parse).not.toHaveBeenCalled();
  } finally {
    parse.mockRestore();
  }
});
