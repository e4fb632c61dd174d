import { on } from 'node:events';
import { readlinkSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { decodePlan } from '@aiperf/config/plan';
import type { MetricBatch } from './metric-batch.ts';
import { type Progress, RecordEngine } from './record-engine.ts';
import { giveWay } from '@aiperf/host';

/** What an engine's thread is started with. */
export interface EngineThreadData {
  /** As `encodePlan` wrote it. */
  readonly plan: string;
  readonly recordProcessorId: string;
  readonly isBackground: boolean;
}

/** To an engine's thread. */
export type EngineCall =
  | { readonly kind: 'batch'; readonly number: number; readonly bytes: Uint8Array; readonly firstRow: number }
  | { readonly kind: 'hurry' };

/** From an engine's thread. Without a `threadId` it could not give way and runs like any other. */
export type EngineNews =
  | { readonly kind: 'started'; readonly threadId: number | undefined }
  | { readonly kind: 'taken'; readonly number: number; readonly hasWaitingRows: boolean }
  | { readonly kind: 'metrics'; readonly batch: MetricBatch; readonly progress: Progress }
  | { readonly kind: 'unreadable'; readonly message: string }
  | { readonly kind: 'failed'; readonly message: string };

/** This thread's number in the kernel; `undefined` where the system does not tell. */
function kernelThreadId(): number | undefined {
  try {
    return Number(readlinkSync('/proc/thread-self').split('/').at(-1));
  } catch {
    return undefined;
  }
}

function main(): void {
  const port = parentPort;
  if (port === null) throw new Error('an engine thread has a parent');
  const { plan, recordProcessorId, isBackground } = workerData as EngineThreadData;
  const post = (news: EngineNews, transfer: ArrayBuffer[] = []): void => port.postMessage(news, transfer);
  const fail = (error: unknown): void =>
    post({ kind: 'failed', message: error instanceof Error ? error.message : String(error) });
  const threadId = kernelThreadId();
  if (isBackground && threadId !== undefined) giveWay(threadId);
  post({ kind: 'started', threadId });
  const loading = RecordEngine.create(decodePlan(plan), recordProcessorId, {
    metrics: (batch, progress) => post({ kind: 'metrics', batch, progress }),
    unreadable: ({ message }) => post({ kind: 'unreadable', message }),
  });
  const run = async (call: EngineCall): Promise<void> => {
    const engine = await loading;
    if (call.kind === 'hurry') {
      engine.hurry();
      return;
    }
    await engine.process(call.number, call.bytes, call.firstRow);
    post({ kind: 'taken', number: call.number, hasWaitingRows: engine.hasWaitingRows });
  };
  const runAll = async (): Promise<void> => {
    // Calls are answered in their order; those that come meanwhile wait in here.
    for await (const message of on(port, 'message')) {
      const [call] = message as [EngineCall];
      await run(call);
    }
  };
  loading.catch(fail);
  runAll().catch(fail);
}

main();
