import { setTimeout as delay } from 'node:timers/promises';

/** Connections being opened at once: more would overflow a server's accept queue, and each refused one waits a second. */
const OPENING_AT_ONCE = 128;
/** A connection that takes longer counts as failed. */
const MAX_CONNECT_MS = 10_000;

/**
 * The kernel completes connections before the server's process takes them up, which costs a server in Node some 50 µs each and one in Python
 * more. Requests sent meanwhile would wait for that, and the first time to first token of every stream would be too long.
 */
const SETTLE_MS_PER_CONNECTION = 0.2;
const MAX_SETTLE_MS = 1000;

/** Begins to open a connection and returns what gives it up, or undefined when none can be opened any more. */
type OpenConnection = (targetIndex: number, onSettled: (isOpen: boolean) => void) => (() => void) | undefined;

/**
 * Opens connections, spread evenly over the targets, some at a time, and gives the servers time to take them up. After a failure no more
 * are tried at that target: the requests will tell what is wrong with it.
 */
export async function warmUpConnections(
  count: number,
  targetCount: number,
  timeoutMs: number,
  open: OpenConnection,
): Promise<void> {
  const failed = new Set<number>();
  let begun = 0;
  const openOnes = async (): Promise<void> => {
    while (begun < count) {
      const targetIndex = begun++ % targetCount;
      if (failed.has(targetIndex)) continue;
      if (!(await openOne(targetIndex, Math.min(timeoutMs, MAX_CONNECT_MS), open))) failed.add(targetIndex);
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, OPENING_AT_ONCE) }, openOnes));
  if (failed.size < targetCount) await delay(Math.min(count * SETTLE_MS_PER_CONNECTION, MAX_SETTLE_MS));
}

async function openOne(targetIndex: number, timeoutMs: number, open: OpenConnection): Promise<boolean> {
  return new Promise((resolve) => {
    let giveUp: (() => void) | undefined;
    const timer = setTimeout(() => {
      giveUp?.();
      resolve(false);
    }, timeoutMs);
    const settle = (isOpen: boolean): void => {
      clearTimeout(timer);
      resolve(isOpen);
    };
    giveUp = open(targetIndex, settle);
    if (giveUp === undefined) settle(false);
  });
}
