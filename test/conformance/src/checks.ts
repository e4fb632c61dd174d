import { isDeepStrictEqual } from 'node:util';

/** Something that the two tools do not have in common. */
export interface Difference {
  /** Stable name, such as `json/missing/effective_concurrency`; known differences are listed by it. */
  readonly id: string;
  readonly theirs: string;
  readonly ours: string;
}

const SHOWN_CHARS = 300;

/** Collects what was compared in one scenario. */
export class Checks {
  readonly #differences = new Map<string, Difference>();
  compared = 0;

  get differences(): readonly Difference[] {
    return [...this.#differences.values()];
  }

  /** Both sides have the same value. */
  same(id: string, theirs: unknown, ours: unknown): void {
    this.compared += 1;
    if (!isDeepStrictEqual(theirs, ours)) this.#differ(id, theirs, ours);
  }

  /** A statement about the two sides holds. */
  holds(id: string, isTrue: boolean, theirs: unknown, ours: unknown): void {
    this.compared += 1;
    if (!isTrue) this.#differ(id, theirs, ours);
  }

  /** Both sides have the same names; returns those that they share, in their order. */
  members(id: string, theirs: Iterable<string>, ours: Iterable<string>): string[] {
    const their = new Set(theirs);
    const our = new Set(ours);
    for (const name of new Set([...their, ...our])) {
      this.compared += 1;
      if (!our.has(name)) this.#differ(`${id}/missing/${name}`, name, '');
      else if (!their.has(name)) this.#differ(`${id}/extra/${name}`, '', name);
    }
    return [...their].filter((name) => our.has(name));
  }

  /** The names that both sides have stand in the same order. */
  order(id: string, theirs: readonly string[], ours: readonly string[]): void {
    const their = new Set(theirs);
    const our = new Set(ours);
    this.same(
      id,
      withoutChance(theirs.filter((name) => our.has(name))),
      withoutChance(ours.filter((name) => their.has(name))),
    );
  }

  #differ(id: string, theirs: unknown, ours: unknown): void {
    // The same difference in many rows is one difference.
    if (!this.#differences.has(id)) this.#differences.set(id, { id, theirs: shown(theirs), ours: shown(ours) });
  }
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? 'absent');
  return text.length <= SHOWN_CHARS ? text : `${text.slice(0, SHOWN_CHARS)}…`;
}

const ADJUSTED = /^adj_|\(error-adjusted\)/u;

/** AIPerf keeps error-adjusted metrics in a set, so their order changes from run to run; what is compared is where they stand. */
function withoutChance(names: readonly string[]): readonly string[] {
  const adjusted = names.filter((name) => ADJUSTED.test(name)).toSorted();
  let next = 0;
  return names.map((name) => (ADJUSTED.test(name) ? (adjusted[next++] ?? name) : name));
}
