import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { SendLog, type SendLogEntry } from './send-log.ts';

const entry = (index: number): SendLogEntry => ({
  requestId: `request-${index}`,
  receivedNs: index,
  tokenWriteNs: [index + 1, index + 2],
  endNs: index + 3,
  outputTokens: 2,
  outcome: 'completed',
});

test.for([
  { when: 'closed at once', turns: 0 },
  { when: 'closed in the middle', turns: 3 },
  { when: 'closed when nothing waits', turns: 200 },
])('every entry is a line, in order: $when', async ({ turns }) => {
  const directory = await mkdtemp(join(tmpdir(), 'aiperf-send-log-'));
  try {
    const path = join(directory, 'send.jsonl');
    const log = new SendLog(path);
    const entries = Array.from({ length: 300 }, (_, index) => entry(index));
    for (const added of entries) log.add(added);
    for (let turn = 0; turn < turns; turn += 1) await nextTurn();
    log.add(entry(300));
    await log.close();
    const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([...entries, entry(300)]);
  } finally {
    await rm(directory, { recursive: true });
  }
});
