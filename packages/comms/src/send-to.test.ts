import { setImmediate as turn } from 'node:timers/promises';
import { Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { sendTo } from './send-to.ts';

test('sends one message at a time, in order, and completes when the last is on its way', async () => {
  const sends: { readonly number: number | undefined; readonly hold: PromiseWithResolvers<void> }[] = [];
  const messages = new Subject<readonly Uint8Array[]>();
  let isOver = false;
  const push = {
    send: ([bytes]: readonly Uint8Array[]) => {
      const hold = Promise.withResolvers<void>();
      sends.push({ number: bytes?.[0], hold });
      return hold.promise;
    },
  };
  messages.pipe(sendTo(push)).subscribe({
    complete: () => {
      isOver = true;
    },
  });
  for (const number of [1, 2]) messages.next([Uint8Array.of(number)]);
  messages.complete();
  await turn();
  expect(sends.map(({ number }) => number)).toEqual([1]);
  sends[0]?.hold.resolve();
  await turn();
  expect(sends.map(({ number }) => number)).toEqual([1, 2]);
  expect(isOver).toBe(false);
  sends[1]?.hold.resolve();
  await turn();
  expect(isOver).toBe(true);
});

test('a send that fails is the error of the stream', async () => {
  const messages = new Subject<readonly Uint8Array[]>();
  const failed = new Promise((resolve) => {
    messages.pipe(sendTo({ send: () => Promise.reject(new Error('closed')) })).subscribe({ error: resolve });
  });
  messages.next([]);
  await expect(failed).resolves.toEqual(new Error('closed'));
});
