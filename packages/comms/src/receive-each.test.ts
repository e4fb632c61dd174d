import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { receiveEach } from './receive-each.ts';
import type { PullSocket } from './service.ts';

type Frames = readonly Uint8Array[];

/** A socket whose messages are there at once; `undefined` closes it. */
function pullOf(values: readonly (number | undefined)[]) {
  const left = values.map((value) => (value === undefined ? undefined : [Uint8Array.of(value)]));
  let peekCount = 0;
  const never = new Promise<Frames>(() => undefined);
  const pull: PullSocket = {
    peek: () => {
      peekCount += 1;
      return left.length === 0 ? never : Promise.resolve(left[0]);
    },
    shift: () => {
      left.shift();
    },
  };
  return { pull, left, peekCount: () => peekCount };
}

const numberOf = ([bytes]: Frames): number => bytes?.[0] ?? -1;

test('asks for nothing before it is subscribed to, and for the next when the last is done', async () => {
  const { pull, left, peekCount } = pullOf([1, 2, 3]);
  const items: { readonly number: number; readonly done: () => void }[] = [];
  const items$ = receiveEach(pull, (frames, done) => ({ number: numberOf(frames), done }));
  await turn();
  expect(peekCount()).toBe(0);
  const subscription = items$.subscribe((item) => items.push(item));
  await turn();
  expect(items.map(({ number }) => number)).toEqual([1]);
  expect(left).toHaveLength(2);
  items[0]?.done();
  items[0]?.done();
  await turn();
  expect(items.map(({ number }) => number)).toEqual([1, 2]);
  subscription.unsubscribe();
  items[1]?.done();
  await turn();
  expect(left).toHaveLength(1);
  expect(peekCount()).toBe(2);
});

test('a message that gives nothing is done, and a closed socket ends the stream', async () => {
  const { pull } = pullOf([1, 2, 3, undefined]);
  const events: (number | string)[] = [];
  receiveEach(pull, (frames, done) => {
    const number = numberOf(frames);
    if (number !== 2) return undefined;
    done();
    return number;
  }).subscribe({ next: (number) => events.push(number), complete: () => events.push('over') });
  await turn();
  expect(events).toEqual([2, 'over']);
});

test.for<[string, PullSocket, () => never]>([
  [
    'that cannot be made into anything',
    pullOf([1]).pull,
    () => {
      throw new Error('not a batch');
    },
  ],
  [
    'that cannot be received',
    { ...pullOf([]).pull, peek: () => Promise.reject(new Error('not a batch')) },
    () => expect.unreachable('received'),
  ],
])('a message %s is the error of the stream', async ([, pull, project]) => {
  const failed = new Promise((resolve) => {
    receiveEach(pull, project).subscribe({ error: resolve });
  });
  await expect(failed).resolves.toEqual(new Error('not a batch'));
});
