import { NEVER } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { expect, test } from 'vitest';
import { aborted, untilStopped } from './until-stopped.ts';

function run(test: Parameters<TestScheduler['run']>[0]): void {
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(test);
}

test('a stream ends when its service is stopped', () => {
  run(({ cold, expectObservable }) => {
    const stop = new AbortController();
    cold('---x').subscribe(() => stop.abort());
    expectObservable(cold('a-b-c-d').pipe(untilStopped(stop.signal))).toBe('a-b|');
  });
});

test('a stream of a stopped service is over before it begins', () => {
  run(({ expectObservable }) => {
    expectObservable(NEVER.pipe(untilStopped(AbortSignal.abort()))).toBe('|');
  });
});

test('a stream that ends before leaves no listener behind', () => {
  let count = 0;
  const counting = {
    aborted: false,
    addEventListener: () => (count += 1),
    removeEventListener: () => (count -= 1),
  } as unknown as AbortSignal;
  const subscription = aborted(counting).subscribe();
  expect(count).toBe(1);
  subscription.unsubscribe();
  expect(count).toBe(0);
});
