import { parentPort, workerData } from 'node:worker_threads';
import { createClock } from '@aiperf/records/clock';
import { ALARM_OFF_NS, type AlarmThreadData, SharedAlarm } from './shared-alarm.ts';

/** Sleeps until the time that is set, rings with its number, and waits for the next. */
function run({ origin, shared }: AlarmThreadData, ring: (number: number) => void): void {
  const clock = createClock(origin);
  const { time, word } = new SharedAlarm(shared);
  let rungNumber = 0;
  // A first ring for no time at all: the thread is ready.
  ring(rungNumber);
  for (;;) {
    const number = Atomics.load(word, 0);
    const timeNs = time[0] ?? ALARM_OFF_NS;
    if (timeNs === ALARM_OFF_NS) return;
    if (number === rungNumber) {
      Atomics.wait(word, 0, number);
      continue;
    }
    const leftNs = timeNs - clock.now();
    if (leftNs > 0) {
      Atomics.wait(word, 0, number, leftNs / 1e6);
      continue;
    }
    rungNumber = number;
    ring(number);
  }
}

run(workerData as AlarmThreadData, (number) => parentPort?.postMessage(number, []));
