import { describe, expect, test } from 'vitest';
import { createRequestIds } from '@aiperf/records';
import { begin, createRig, grantTurns, MS, type Ending, type Rig } from './worker-rig.test.support.ts';

function body(messages: readonly string[]): string {
  const roles = ['user', 'assistant'];
  return JSON.stringify({
    messages: messages.map((content, i) => ({ role: roles[i % 2], content })),
    model: 'm',
    stream: true,
  });
}

const turnBody = (conversation: number, turn: number): string => body([`question ${conversation}.${turn}`]);

/** A stream with this text, in two events. */
function streamed(text: string, end = 'data: [DONE]\n\n'): Ending {
  const event = (content: string): string =>
    `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`;
  return {
    contentType: 'text/event-stream',
    reads: [
      [4, event(text.slice(0, 3))],
      [9, event(text.slice(3)) + end],
    ],
  };
}

function sessionRig(ending: (n: number) => Ending = (n) => streamed(`answer ${n}`)): Rig {
  return createRig(ending, turnBody);
}

function bodies({ transport }: Rig): string[] {
  return transport.sent.map((sent) => sent.body);
}

describe('a session of three turns', () => {
  test('sends each turn with all that was said before', () => {
    const rig = sessionRig();
    begin(rig, 1);
    grantTurns(rig, 7, [0, 1, 2], 3, { conversationIndex: 4 });
    rig.clock.runUntilIdle(1000 * MS);
    expect(rig.failures).toEqual([]);
    expect(bodies(rig)).toEqual([
      body(['question 4.0']),
      body(['question 4.0', 'answer 0', 'question 4.1']),
      body(['question 4.0', 'answer 0', 'question 4.1', 'answer 1', 'question 4.2']),
    ]);
    expect(rig.outcomes()).toEqual(['completed', 'completed', 'completed']);
    expect(rig.worker.completedCount).toBe(3);
  });

  test('has one correlation id and one URL', () => {
    const rig = sessionRig();
    begin(rig, 1);
    grantTurns(rig, 7, [0, 1, 2], 3);
    rig.clock.runUntilIdle(1000 * MS);
    const ids = createRequestIds('0123456789ab');
    const correlationId = ids.correlationId(0, 7);
    expect(rig.transport.sent).toMatchObject(
      [70, 71, 72].map((id) => ({
        urlIndex: 1,
        variableHeaders: [ids.requestId(0, id), correlationId, correlationId],
      })),
    );
  });

  test('gives the records the tokens and the replies that were sent along', () => {
    const rig = sessionRig();
    begin(rig, 1);
    grantTurns(rig, 0, [0, 1, 2], 3);
    rig.clock.runUntilIdle(1000 * MS);
    expect(
      rig.records.map(({ turnIndex, inputTokens, historyReplies }) => [turnIndex, inputTokens, historyReplies]),
    ).toEqual([
      [0, 10, []],
      [1, 20, ['answer 0']],
      [2, 30, ['answer 0', 'answer 1']],
    ]);
  });

  test('waits its think time after the end of the turn before, not after its reply was read', () => {
    const rig = sessionRig();
    begin(rig, 1);
    grantTurns(rig, 0, [0, 1], 2, { delayNs: 30 * MS });
    rig.clock.runUntilIdle(1000 * MS);
    expect(rig.transport.sent.map(({ atMs }) => atMs)).toEqual([0, 40]);
  });

  test('may get its turns one by one', () => {
    const rig = sessionRig();
    begin(rig, 2);
    for (const turn of [0, 1, 2]) {
      for (const session of [0, 1]) grantTurns(rig, session, [turn], 3, { conversationIndex: session });
      rig.clock.advanceBy(20 * MS);
    }
    expect(rig.failures).toEqual([]);
    expect(bodies(rig).slice(4)).toEqual([
      body(['question 0.0', 'answer 0', 'question 0.1', 'answer 2', 'question 0.2']),
      body(['question 1.0', 'answer 1', 'question 1.1', 'answer 3', 'question 1.2']),
    ]);
  });

  test('is counted between its turns and forgotten after the last', () => {
    const rig = sessionRig();
    begin(rig, 1);
    grantTurns(rig, 0, [0], 2);
    rig.clock.advanceTo(5 * MS);
    expect([rig.worker.sessionCount, rig.worker.inFlightCount]).toEqual([1, 1]);
    rig.clock.advanceTo(15 * MS);
    expect([rig.worker.sessionCount, rig.worker.inFlightCount]).toEqual([1, 0]);
    grantTurns(rig, 0, [1], 2);
    rig.clock.runUntilIdle(1000 * MS);
    expect([rig.worker.sessionCount, rig.worker.inFlightCount]).toEqual([0, 0]);
  });
});

describe('a turn that goes wrong ends its session', () => {
  test.for<[what: string, ending: Ending, outcome: string]>([
    ['a status', { status: 500 }, 'failed'],
    ['an error of the transport', { error: { code: 'stream_cut', message: '', type: '' } }, 'failed'],
    ['a cancelled turn', { error: { code: 'cancelled', message: '', type: '' } }, 'cancelled'],
    ['a stream without its end', streamed('hello', ''), 'failed'],
    ['an error in the stream', streamed('hello', 'data: {"error":{"message":"no"}}\n\ndata: [DONE]\n\n'), 'failed'],
    ['no output', { contentType: 'text/event-stream', reads: [[5, 'data: [DONE]\n\n']] }, 'failed'],
  ])('%s', ([, ending, outcome]) => {
    const rig = sessionRig(() => ending);
    begin(rig, 1);
    grantTurns(rig, 0, [0, 1, 2], 3);
    rig.clock.runUntilIdle(1000 * MS);
    expect(rig.outcomes().toSorted()).toEqual([outcome, 'unsent', 'unsent'].toSorted());
    expect(rig.transport.sent).toHaveLength(1);
    expect(rig.worker.sessionCount).toBe(0);
    expect(rig.worker.failedCount).toBe(outcome === 'failed' ? 1 : 0);
    expect(rig.records).toMatchObject([{ cancelled: outcome === 'cancelled' }]);
  });

  test('the last turn of a session ends as a single request does, whatever it says', () => {
    const rig = sessionRig(() => streamed('hello', ''));
    begin(rig, 1);
    grantTurns(rig, 0, [0], 1);
    rig.clock.runUntilIdle(1000 * MS);
    expect(rig.outcomes()).toEqual(['completed']);
  });

  test('a later turn whose predecessors are not here is never sent without them', () => {
    const rig = sessionRig();
    begin(rig, 1);
    grantTurns(rig, 3, [1], 2);
    rig.clock.runUntilIdle(100 * MS);
    expect(rig.transport.sent).toEqual([]);
    expect(rig.outcomes()).toEqual(['unsent']);
  });

  test('a body that cannot take up a history is reported', () => {
    const rig = createRig(
      () => streamed('hello'),
      () => '{"prompt":"x"}',
    );
    begin(rig, 1);
    grantTurns(rig, 0, [0, 1], 2);
    rig.clock.runUntilIdle(100 * MS);
    expect(rig.failures).toMatchObject([{ code: 'AIPERF_ENDPOINTS_INVALID_BODY' }]);
    expect(rig.records).toHaveLength(1);
  });
});

describe('the end of a phase forgets its sessions', () => {
  test('when it is told to stop sending', () => {
    const rig = sessionRig();
    begin(rig, 2);
    grantTurns(rig, 0, [0, 1], 2, { delayNs: 50 * MS });
    rig.clock.advanceTo(20 * MS);
    expect(rig.worker.sessionCount).toBe(1);
    rig.worker.stopSending(0);
    expect(rig.worker.sessionCount).toBe(0);
    rig.clock.runUntilIdle(1000 * MS);
    expect(rig.outcomes().toSorted()).toEqual(['completed', 'unsent']);
  });

  test('when its time is over, also those whose turn is still in flight', () => {
    const rig = sessionRig((n) => ({ ...streamed('hello'), endMs: n === 0 ? 10 : 60 }));
    begin(rig, 2, 0, { stopSendingAtNs: 30 * MS });
    grantTurns(rig, 0, [0, 1], 2, { delayNs: 50 * MS });
    grantTurns(rig, 1, [0, 1], 2);
    rig.clock.advanceTo(29 * MS);
    expect(rig.worker.sessionCount).toBe(2);
    rig.clock.advanceTo(31 * MS);
    expect(rig.worker.sessionCount).toBe(1);
    rig.clock.runUntilIdle(1000 * MS);
    expect(rig.worker.sessionCount).toBe(0);
    expect(rig.outcomes().toSorted()).toEqual(['completed', 'completed', 'unsent', 'unsent']);
    expect(rig.clock.pendingTimerCount).toBe(0);
  });
});

test('many sessions that end together lose neither turn nor record', () => {
  const rig = sessionRig();
  begin(rig, 400);
  for (let session = 0; session < 400; session++) grantTurns(rig, session, [0, 1, 2], 3);
  rig.clock.runUntilIdle(10_000 * MS);
  expect(rig.failures).toEqual([]);
  expect(rig.records).toHaveLength(1200);
  expect(rig.records.filter(({ turnIndex, historyReplies }) => historyReplies.length !== turnIndex)).toEqual([]);
  expect(rig.outcomes()).toEqual(Array.from({ length: 1200 }, () => 'completed'));
  expect(rig.worker.sessionCount).toBe(0);
});
