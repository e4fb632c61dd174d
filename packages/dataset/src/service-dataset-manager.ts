import { join } from 'node:path';
import type { Service, ServiceContext } from '@aiperf/comms';
import type { RunPlan, UserConfig } from '@aiperf/config';
import { buildDataset } from './build-dataset.ts';
import type { RenderBody } from './conversation.ts';
import { messageOf } from './dataset-error.ts';
import { writeInputsFile } from './inputs-file.ts';
import type { DatasetMessages } from './messages.ts';
import { storeDirectory } from './store-directory.ts';
import { openDatasetStore } from './store-reader.ts';

/**
 * The dataset manager: makes the run's conversations when it is configured and announces the finished store. `createRenderBody` gives the
 * rendering of the configured endpoint, which lives in a package below this one.
 */
export function createDatasetManager(
  createRenderBody: (config: UserConfig) => RenderBody,
): (context: ServiceContext<DatasetMessages>) => Service<RunPlan> {
  return (context) => new DatasetManager(context, createRenderBody);
}

class DatasetManager implements Service<RunPlan> {
  readonly #context: ServiceContext<DatasetMessages>;
  readonly #createRenderBody: (config: UserConfig) => RenderBody;
  #plan: RunPlan | undefined;
  /** Settles when `inputs.json` is written or given up; never rejects. */
  #inputsWritten: Promise<void> | undefined;
  #inputsError: unknown;

  constructor(context: ServiceContext<DatasetMessages>, createRenderBody: (config: UserConfig) => RenderBody) {
    this.#context = context;
    this.#createRenderBody = createRenderBody;
  }

  async configure(plan: RunPlan): Promise<void> {
    const { config } = plan;
    const startMs = performance.now();
    const directory = storeDirectory(plan.privateDirectory);
    const count = await buildDataset({
      config,
      directory,
      renderBody: this.#createRenderBody(config),
      signal: this.#context.stopSignal,
      onNotice: (notice) => this.#context.log.warning(notice),
    });
    this.#plan = plan;
    this.#context.log.debug(`${count} conversations in ${(performance.now() - startMs).toFixed(0)} ms`);
    this.#context.bus.publish('dataset_configured_notification', {
      store_directory: directory,
      conversation_count: count,
    });
  }

  /** Begins writing `inputs.json` and does not wait for it: nothing here may hold back the first request. */
  start(): Promise<void> {
    if (this.#plan !== undefined) this.#inputsWritten ??= this.#writeInputs(this.#plan);
    return Promise.resolve();
  }

  async #writeInputs(plan: RunPlan): Promise<void> {
    try {
      using store = openDatasetStore(storeDirectory(plan.privateDirectory), { bodyCacheBytes: 0 });
      await writeInputsFile(join(plan.runDirectory, 'inputs.json'), store);
    } catch (error) {
      this.#inputsError = error;
      this.#context.log.error(messageOf(error));
    }
  }

  /** The dataset is the same whether or not all of it is sent. */
  cancel(): Promise<void> {
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    await this.#inputsWritten;
    // Thrown here, where the controller records it as this service's failure; the measurement itself did not need the file.
    if (this.#inputsError !== undefined) throw this.#inputsError;
  }
}
