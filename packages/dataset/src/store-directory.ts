import { join } from 'node:path';

/** Where the store of a run lies: every service that reads it is told of the run's private directory only. */
export function storeDirectory(privateDirectory: string): string {
  return join(privateDirectory, 'dataset');
}
