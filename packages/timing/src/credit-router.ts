/** What the choice of a worker depends on. */
export interface RoutableWorker {
  readonly id: string;
  /** Sessions that are there, begun or not. */
  readonly sessionCount: number;
  /** Sessions it may have in flight; `null`: no limit. */
  readonly slots: number | null;
}

/**
 * The worker for one credit: the one that has the session already (`ownerId`), else the least loaded, in proportion to its slots. Among
 * equals the first at or after position `turn`, so that a caller who counts `turn` up goes round. `undefined`: there is none.
 */
export function chooseWorker<W extends RoutableWorker>(
  workers: readonly W[],
  ownerId: string | undefined,
  turn: number,
): W | undefined {
  if (ownerId !== undefined) {
    const owner = workers.find(({ id }) => id === ownerId);
    if (owner !== undefined) return owner;
  }
  let chosen: W | undefined;
  let chosenLoad = Number.POSITIVE_INFINITY;
  for (let i = 0; i < workers.length; i += 1) {
    const worker = workers[(turn + i) % workers.length];
    if (worker === undefined || worker.slots === 0) continue;
    const load = worker.sessionCount / (worker.slots ?? 1);
    if (load < chosenLoad) {
      chosen = worker;
      chosenLoad = load;
    }
  }
  return chosen;
}
