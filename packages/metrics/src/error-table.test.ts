import { describe, expect, test } from 'vitest';
import { ErrorTable, mergeErrors } from './error-table.ts';
import type { ErrorCount } from './metric-definition.ts';

const error = (message: string, count = 1): ErrorCount => ({
  code: 500,
  type: 'T',
  message,
  kind: 'http_status',
  count,
});

/** Messages of 3,000 failed requests: some come again and again, others once, in no order. */
const messages = Array.from({ length: 3000 }, (_, index) =>
  index % 3 === 0 ? 'busy' : `request ${(index * 7) % 1900}`,
);

describe('ErrorTable', () => {
  test('errors counted batch by batch while a run goes on are those of its rows, beyond the bound too', () => {
    const ofRows = new ErrorTable();
    for (const message of messages) ofRows.add(error(message));
    const ofBatches = new ErrorTable();
    for (let from = 0; from < messages.length; from += 97) {
      const counts = new Map<string, number>();
      for (const message of messages.slice(from, from + 97)) counts.set(message, (counts.get(message) ?? 0) + 1);
      for (const [message, count] of counts) ofBatches.add(error(message, count));
    }
    expect(ofRows.entries).toHaveLength(1001);
    expect(ofBatches.entries).toEqual(ofRows.entries);
    const total = mergeErrors([ofRows]).reduce((sum, { count }) => sum + count, 0);
    expect(total).toBe(messages.length);
  });

  test('equal errors of several phases are one entry; equally frequent ones stay in the order of the run', () => {
    const [first, second] = [new ErrorTable(), new ErrorTable()];
    first.add(error('a'));
    first.add(error('b'));
    second.add(error('b', 2));
    second.add(error('c'));
    expect(mergeErrors([first, second])).toEqual([error('b', 3), error('a'), error('c')]);
  });
});
