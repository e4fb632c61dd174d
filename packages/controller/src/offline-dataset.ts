import { tmpdir } from 'node:os';
import type { UserConfig } from '@aiperf/config';
import { buildDataset, storeDirectory } from '@aiperf/dataset';
import { makePrivateDirectory, removePrivateDirectory } from './private-directory.ts';
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
  const privateDirectory = await makePrivateDirectory(tmpdir());
  const dispose = (): Promise<void> => removePrivateDirectory(privateDirectory);
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
