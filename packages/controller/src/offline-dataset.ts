import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { UserConfig } from '@aiperf/config';
import { buildDataset, storeDirectory } from '@aiperf/dataset';
import { makePrivateDirectory, removeLeftovers } from './private-directory.ts';
import { renderBodyOf } from './render-body.ts';

/** A dataset that nobody is going to send. */
export interface OfflineDataset extends AsyncDisposable {
  /** Directory of the store; removed at the end. */
  readonly directory: string;
}

/**
 * Generates the dataset of a run that does not take place, as the dataset manager of a real one does. The conversations of the same seed are
 * the same.
 */
export async function createOfflineDataset(
  config: UserConfig,
  onWarning: (message: string) => void,
): Promise<OfflineDataset> {
  const parent = tmpdir();
  const privateDirectory = await makePrivateDirectory(parent);
  const dispose = async (): Promise<void> => {
    await rm(privateDirectory, { recursive: true, force: true });
    await removeLeftovers(parent);
  };
  try {
    const directory = storeDirectory(privateDirectory);
    await buildDataset({
      config,
      directory,
      renderBody: renderBodyOf(config),
      signal: new AbortController().signal,
      onNotice: onWarning,
    });
    return { directory, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}
