import { localFile } from '../paths.ts';
import type { LoopResult } from '../loops/loop-options.ts';
import type { Load } from './pipeline.ts';
import { type MeasuredRun, runToSuccess } from './measured-run.ts';

export type LoopName = 'direct' | 'undici';

/** A run of a bare loop in its own process. */
export interface LoopRun extends MeasuredRun, LoopResult {
  readonly requestsPerSec: number;
}

export interface BareLoopOptions extends Load {
  readonly loop: LoopName;
  readonly url: string;
}

const DEADLINE_SEC = 300;

export async function runBareLoop({
  loop,
  url,
  streams,
  requestCount,
  outputTokens,
}: BareLoopOptions): Promise<LoopRun> {
  const flags = {
    '--url': url,
    '--streams': streams,
    '--requests': requestCount,
    '--output-tokens': outputTokens,
  };
  const words = Object.entries(flags).flatMap(([flag, value]) => [flag, String(value)]);
  const run = await runToSuccess({
    command: [process.execPath, localFile(`loops/${loop}-loop.ts`), ...words],
    deadlineSec: DEADLINE_SEC,
  });
  const result = JSON.parse(run.stdout) as LoopResult;
  return { ...run, ...result, requestsPerSec: result.requestCount / result.durationSec };
}
