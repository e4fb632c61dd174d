import type { DirectConnection } from './direct-connection.ts';

/** Lost entries are swept out when there are more of them than this and than live ones. */
const MIN_SWEEP = 64;

/**
 * Idle connections of one base URL, last used first. A connection that is lost while idle stays in the list and is skipped, because
 * taking it out would be a search each time; the list is swept when lost ones are the majority.
 */
export class IdlePool {
  #connections: DirectConnection[] = [];
  #lostCount = 0;

  push(connection: DirectConnection): void {
    this.#connections.push(connection);
  }

  pop(): DirectConnection | undefined {
    for (;;) {
      const connection = this.#connections.pop();
      if (connection === undefined || !connection.isLost) return connection;
      this.#lostCount--;
    }
  }

  /** One of the idle connections was lost. */
  noteLost(): void {
    this.#lostCount++;
    if (this.#lostCount < MIN_SWEEP || this.#lostCount * 2 < this.#connections.length) return;
    this.#connections = this.#connections.filter((connection) => !connection.isLost);
    this.#lostCount = 0;
  }
}
