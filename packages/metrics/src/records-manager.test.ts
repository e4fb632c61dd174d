import { describe, expect, test } from 'vitest';
import type { BatchErrors } from './metric-batch.ts';
import { RecordsAccumulator } from './records-manager.ts';

function failures(errors: readonly Partial<BatchErrors>[]): Parameters<RecordsAccumulator['accept']>[0] {
  const full = errors.map((error) => ({
    phase_index: 0,
    code: 500,
    type: 'T',
    message: 'm',
    kind: 'http_status',
    count: 1,
    ...error,
  }));
  return {
    record_processor_id: 'r',
    rows: full.length,
    phases: { 0: { rows: full.length, errors: full.length, cancelled: 0 } },
    errors: full,
    output_tokens: 0,
    live: {},
  };
}

/** Counts of a phase that ended. */
const counts = (completed: number, lost: number) => ({
  sent: completed + lost,
  completed,
  failed: 0,
  cancelled: 0,
  lost,
  neverSent: 0,
  sessions: completed + lost,
});

describe('RecordsAccumulator', () => {
  test('is complete only when the credits are, and every record of every phase has come', () => {
    const records = new RecordsAccumulator();
    expect(records.expected).toBeNull();
    records.completePhase(0, { kind: 'profiling', counts: counts(2, 0), endNs: 1 });
    records.accept(failures([{}]));
    records.completeCredits(false);
    expect([records.isComplete, records.missing, records.expected]).toEqual([false, 1, 2]);
    records.accept(failures([{}]));
    expect([records.isComplete, records.missing, records.processed]).toEqual([true, 0, 2]);
  });

  test('a record of a dead worker that arrived after all is not lost', () => {
    const records = new RecordsAccumulator();
    records.completePhase(0, { kind: 'profiling', counts: counts(1, 2), endNs: 1 });
    records.accept(failures([{}, {}]));
    records.completeCredits(false);
    expect([records.lost, records.isComplete]).toEqual([1, true]);
  });

  test('equal errors are one entry, the most frequent first', () => {
    const records = new RecordsAccumulator();
    records.accept(failures([{ message: 'a' }, { message: 'b', count: 3 }]));
    records.accept(failures([{ message: 'a', count: 5 }]));
    expect(records.totals('profiling').errorTable).toMatchObject([
      { message: 'a', count: 6 },
      { message: 'b', count: 3 },
    ]);
  });

  test('an error of two phases is one entry, whichever phase was heard of first', () => {
    const records = new RecordsAccumulator();
    records.accept(
      failures([
        { phase_index: 2, message: 'late' },
        { phase_index: 2, message: 'both' },
      ]),
    );
    records.accept(
      failures([
        { phase_index: 1, message: 'both' },
        { phase_index: 1, message: 'early' },
      ]),
    );
    expect(records.totals('profiling').errorTable.map(({ message, count }) => [message, count])).toEqual([
      ['both', 2],
      ['early', 1],
      ['late', 1],
    ]);
  });

  test('a server that answers each request with another message does not fill the memory', () => {
    const records = new RecordsAccumulator();
    for (let index = 0; index < 5000; index++) records.accept(failures([{ message: `m${index}`, type: `t${index}` }]));
    const { errorTable } = records.totals('profiling');
    expect(errorTable).toHaveLength(1001);
    expect(errorTable[0]).toMatchObject({ kind: 'http_status', type: 'Other', count: 4000 });
    expect(errorTable.reduce((sum, { count }) => sum + count, 0)).toBe(5000);
  });
});
