import type { ErrorCount } from './metric-definition.ts';

/** Errors kept apart; types and messages come from the server, so their number has no bound of its own. */
const KINDS_MAX = 1000;
const OTHER_TYPE = 'Other';
const OTHER_MESSAGE = 'Further errors of this kind, each different';

type Entry = { -readonly [K in keyof ErrorCount]: ErrorCount[K] };

/**
 * Counts equal errors within bounded memory: once there are too many, further ones are counted by their kind alone. Whoever counts the same
 * errors in the same order gets the same table, be it while a run goes on or from its rows.
 */
export class ErrorTable {
  readonly #entries = new Map<string, Entry>();

  add(error: ErrorCount): void {
    if (this.#addToKnown(error)) return;
    if (this.#entries.size < KINDS_MAX) {
      this.#insert(error);
      return;
    }
    // Our own kinds are a short list, so this adds a dozen entries at most.
    const other = { ...error, code: null, type: OTHER_TYPE, message: OTHER_MESSAGE };
    if (!this.#addToKnown(other)) this.#insert(other);
  }

  /** In the order in which each was first seen. */
  get entries(): readonly ErrorCount[] {
    return Array.from(this.#entries.values());
  }

  #addToKnown(error: ErrorCount): boolean {
    const known = this.#entries.get(keyOf(error));
    if (known === undefined) return false;
    known.count += error.count;
    return true;
  }

  #insert(error: ErrorCount): void {
    const { code, type, message, kind, count } = error;
    this.#entries.set(keyOf(error), { code, type, message, kind, count });
  }
}

/** Errors of several phases, which are given in the order of the run, as one list: equal ones are one entry, the most frequent first. */
export function mergeErrors(tables: readonly ErrorTable[]): readonly ErrorCount[] {
  const merged = new ErrorTable();
  for (const { entries } of tables) for (const error of entries) merged.add(error);
  return merged.entries.toSorted((a, b) => b.count - a.count);
}

function keyOf({ code, type, message, kind }: ErrorCount): string {
  return JSON.stringify([code, type, message, kind]);
}
