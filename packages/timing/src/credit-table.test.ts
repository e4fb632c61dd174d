import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CreditTable, NO_WORKER } from './credit-table.ts';

describe('CreditTable', () => {
  test('finds what was added and not removed, as a map would, with its columns', () => {
    // Ids that come in sequence, ids far apart, and ids that share a place in the table.
    const id = fc.oneof(
      fc.nat({ max: 400 }),
      fc.nat({ max: 400 }).map((n) => n * 2 ** 32),
      fc.maxSafeNat(),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), id), { maxLength: 900 }), (steps) => {
        const table = new CreditTable();
        const model = new Map<number, number>();
        for (const [step, [isAdded, key]] of steps.entries()) {
          if (isAdded && !model.has(key)) {
            const row = table.add(key);
            table.dueNs[row] = step;
            table.workers[row] = step % 3;
            model.set(key, step);
          } else if (!isAdded && model.delete(key)) {
            table.remove(table.find(key));
          }
        }
        expect(table.size).toBe(model.size);
        for (const [key, step] of model) expect(table.dueNs[table.find(key)]).toBe(step);
        for (const [, key] of steps) if (!model.has(key)) expect(table.find(key)).toBe(-1);
        const ofOne = [...model].filter(([, step]) => step % 3 === 1).map(([key]) => key);
        expect(table.rowsOf(1).map((row) => table.ids[row])).toEqual(ofOne.toSorted((a, b) => a - b));
      }),
      { numRuns: 200 },
    );
  });

  test('credits that nobody holds are due for nobody', () => {
    const table = new CreditTable();
    const row = table.add(7);
    table.dueNs[row] = 100;
    table.workers[row] = NO_WORKER;
    expect(table.hasDueAfter(50)).toBe(false);
    table.workers[row] = 0;
    expect(table.hasDueAfter(50)).toBe(true);
    expect(table.hasDueAfter(100)).toBe(false);
  });
});
