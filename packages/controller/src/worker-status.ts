/** State of a worker as displays show it. */
export type WorkerStatus = 'healthy' | 'high_load' | 'error' | 'idle' | 'stale';

/** What is known of one worker between two health messages. */
export interface WorkerHistory {
  readonly lastSeenMs: number;
  readonly failed: number;
  /** NaN: never. */
  readonly lastErrorMs: number;
  /** NaN: never. */
  readonly lastHighLoadMs: number;
  readonly isIdle: boolean;
}

export interface WorkerSample {
  readonly cpuPercent: number;
  readonly inProgress: number;
  readonly failed: number;
}

/** A worker above this share of a core may stamp late. */
export const HIGH_LOAD_CPU_PERCENT = 75;
const ERROR_MEMORY_MS = 3_000;
const HIGH_LOAD_MEMORY_MS = 5_000;
const STALE_AFTER_MS = 10_000;

/** The history after one more health message. */
export function observeWorker(history: WorkerHistory | undefined, sample: WorkerSample, nowMs: number): WorkerHistory {
  const hasNewFailures = sample.failed > (history?.failed ?? 0);
  return {
    lastSeenMs: nowMs,
    failed: sample.failed,
    lastErrorMs: hasNewFailures ? nowMs : (history?.lastErrorMs ?? Number.NaN),
    lastHighLoadMs: sample.cpuPercent > HIGH_LOAD_CPU_PERCENT ? nowMs : (history?.lastHighLoadMs ?? Number.NaN),
    isIdle: sample.inProgress === 0,
  };
}

/** The status that a history shows at a moment; errors outrank load, and both are remembered for some seconds. */
export function statusOf(history: WorkerHistory, nowMs: number): WorkerStatus {
  if (nowMs - history.lastSeenMs > STALE_AFTER_MS) return 'stale';
  if (nowMs - history.lastErrorMs < ERROR_MEMORY_MS) return 'error';
  if (nowMs - history.lastHighLoadMs < HIGH_LOAD_MEMORY_MS) return 'high_load';
  return history.isIdle ? 'idle' : 'healthy';
}
