import { type TreeMemory, treeMemory } from './process-tree.ts';

/** Memory of a tree at one moment. */
export interface MemorySample extends TreeMemory {
  /** Progress of the run when it was taken, 0..1; stays at 1 while results are worked out. */
  readonly doneRatio: number;
}

export interface MemorySamplerOptions {
  readonly pid: number;
  readonly progress: () => Promise<number>;
  readonly intervalMs: number;
}

/** Samples a tree's memory until it is stopped; one sample after the other, so that a slow one delays the next. */
export class MemorySampler {
  readonly #options: MemorySamplerOptions;
  readonly #samples: MemorySample[] = [];
  readonly #finished: Promise<void>;
  #isStopped = false;
  #wake: (() => void) | undefined;

  constructor(options: MemorySamplerOptions) {
    this.#options = options;
    this.#finished = this.#run();
  }

  async stop(): Promise<readonly MemorySample[]> {
    this.#isStopped = true;
    this.#wake?.();
    await this.#finished;
    return this.#samples;
  }

  async #run(): Promise<void> {
    const { pid, progress, intervalMs } = this.#options;
    while (!this.#isStopped) {
      const doneRatio = await progress();
      const memory = await treeMemory(pid);
      if (memory.rssBytes > 0) this.#samples.push({ ...memory, doneRatio });
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        setTimeout(resolve, intervalMs).unref();
      });
    }
  }
}

/** The first sample at or after a share of the work, else the last one. */
export function sampleAt(samples: readonly MemorySample[], doneRatio: number): MemorySample | undefined {
  return samples.find((sample) => sample.doneRatio >= doneRatio) ?? samples.at(-1);
}

export function peakOf(samples: readonly MemorySample[], key: 'rssBytes' | 'pssBytes'): number {
  return Math.max(...samples.map((sample) => sample[key]));
}
