import { expect, test } from 'vitest';
import { startAlarm, type Alarm } from './alarm.ts';
import { createClock, createClockOrigin } from '@aiperf/records/clock';

const clock = createClock(createClockOrigin());

/** When the alarm rang. */
function ring(alarm: Alarm, timeNs: number): Promise<number> {
  return new Promise((resolve) => {
    alarm.set(timeNs, () => resolve(clock.now()));
  });
}

test('rings at each time that is set, never early, at once for one that is past', async () => {
  const alarm = await startAlarm(clock);
  for (const inNs of [3e6, 0.4e6, -1e6, 20e6, 1e6]) {
    const timeNs = clock.now() + inNs;
    expect(await ring(alarm, timeNs)).toBeGreaterThanOrEqual(timeNs);
  }
  alarm.close();
});

test('what is set anew, to earlier or later, rings once and in the place of what was set before', async () => {
  const alarm = await startAlarm(clock);
  const rung: string[] = [];
  alarm.set(clock.now() + 3_600e9, () => rung.push('in an hour'));
  alarm.set(clock.now() + 1e6, () => rung.push('replaced'));
  const timeNs = clock.now() + 5e6;
  expect(await ring(alarm, timeNs)).toBeGreaterThanOrEqual(timeNs);
  expect(rung).toEqual([]);
  alarm.close();
});

test('what is cancelled does not ring, and the next does', async () => {
  const alarm = await startAlarm(clock);
  let count = 0;
  const cancel = alarm.set(clock.now() + 1e6, () => (count += 1));
  cancel();
  await ring(alarm, clock.now() + 3e6);
  cancel();
  await ring(alarm, clock.now() + 1e6);
  expect(count).toBe(0);
  alarm.close();
});

test('a closed alarm is not running', async () => {
  const alarm = await startAlarm(clock);
  expect(alarm.isRunning).toBe(true);
  alarm.set(clock.now() + 1e6, () => expect.unreachable());
  alarm.close();
  expect(alarm.isRunning).toBe(false);
  await new Promise((resolve) => setTimeout(resolve, 5));
});
