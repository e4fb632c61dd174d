import type { RunPlan, UserConfig } from '@aiperf/config';

const OFFERED = { mode: 'concurrency', arrivalPattern: 'poisson', concurrency: 2, seamless: false } as const;

/** A run of the chat endpoint with one warm-up request, whose processes share `privateDirectory`. */
export function runPlan(privateDirectory: string): RunPlan {
  const config: UserConfig = {
    endpoint: {
      modelNames: ['test-model'],
      urls: ['http://127.0.0.1:1'],
      type: 'chat',
      streaming: true,
      headers: [],
      requestTimeoutSec: 60,
      useLegacyMaxTokens: false,
      useServerTokenCount: false,
      connectionReuse: 'pooled',
      transport: 'auto',
    },
    tokenizer: { name: 'builtin' },
    input: { extraInputs: {}, datasetEntries: 2, datasetSampling: 'sequential' },
    conversation: { turnsMean: 1, turnsStddev: 0, turnDelayMeanMs: 0, turnDelayStddevMs: 0, turnDelayRatio: 1 },
    prompt: { inputTokensMean: 10, inputTokensStddev: 0, outputTokensStddev: 0 },
    phases: [
      { ...OFFERED, name: 'warmup', kind: 'warmup', requestCount: 1, gracePeriodSec: Number.POSITIVE_INFINITY },
      { ...OFFERED, name: 'profiling', kind: 'profiling', requestCount: 10, gracePeriodSec: 30 },
    ],
    fixedSchedule: { autoOffset: true },
    metrics: { goodput: [], modules: [], networkLatency: 'off', networkPingIntervalSec: 1 },
    output: {
      exportLevel: 'records',
      exportFormats: ['arrow'],
      exportOutputs: false,
      exportHttpTrace: false,
      showTraceTiming: false,
    },
    service: { ui: 'none', logLevel: 'info', hostTuning: 'off', dryRun: false },
    comms: { zmqPortOffset: 0, insecureBus: false },
  };
  return {
    benchmarkId: '0123456789ab',
    config,
    clockOrigin: { monotonicNs: '0', epochNs: '1795333439000000000' },
    runDirectory: privateDirectory,
    privateDirectory,
    workerIds: ['worker_1'],
    recordProcessorIds: ['record_processor_1'],
    commandLine: 'aiperf profile --model test-model',
  };
}
