import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSockets, Log, ServiceContext } from '@aiperf/comms';
import type { UserConfig } from '@aiperf/config';
import { NEVER } from 'rxjs';
import { makePrivateDirectory, removeLeftovers } from './private-directory.ts';
import { loadServiceFactory } from './service-catalog.ts';

/** A dataset that nobody is going to send. */
export interface OfflineDataset extends AsyncDisposable {
  /** Directory of the store; removed at the end. */
  readonly directory: string;
}

/**
 * Generates the dataset of a run that does not take place: by the dataset manager of a real one, without a bus. The conversations of the
 * same seed are the same.
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
    const service = await (await loadServiceFactory('dataset_manager', { ownsProcess: false }))(withoutBus(onWarning));
    await service.configure({
      config,
      privateDirectory,
      // Nothing else of a plan concerns the conversations.
      benchmarkId: '',
      clockOrigin: { monotonicNs: '0', epochNs: '0' },
      runDirectory: privateDirectory,
      workerIds: [],
      recordProcessorIds: [],
      commandLine: '',
    });
    return { directory: join(privateDirectory, 'dataset'), [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

function withoutBus(onWarning: (message: string) => void): ServiceContext<object> {
  const log: Log = { debug: () => {}, info: () => {}, warning: onWarning, error: onWarning };
  const noSocket = (): never => {
    throw new Error('a dataset manager opens no sockets');
  };
  const sockets: DataSockets = {
    push: noSocket,
    spoolingPush: noSocket,
    pull: noSocket,
    router: noSocket,
    dealer: noSocket,
  };
  return {
    serviceId: 'dataset_manager',
    bus: { publish: () => {}, messages$: () => NEVER },
    sockets,
    log,
    stopSignal: new AbortController().signal,
    fail: (error) => onWarning(error.message),
  };
}
