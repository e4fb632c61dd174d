import { MetricsError } from './metrics-error.ts';
import type { PhaseRows } from './row-counts.ts';
import type { SketchEntries } from './stats/log-sketch.ts';

/** Metrics that the live view shows, sketched by record processors. */
export const LIVE_TAGS = ['time_to_first_token', 'inter_token_latency', 'request_latency'] as const;
export type LiveTag = (typeof LIVE_TAGS)[number];

/** Equal errors of one phase in one batch. */
export interface BatchErrors {
  readonly phase_index: number;
  readonly code: number | null;
  readonly type: string;
  readonly message: string;
  readonly kind: string;
  readonly count: number;
}

/**
 * What the records manager needs to know of a batch without decoding it. First frame of a message on `records`, as JSON; the second
 * is an encapsulated Arrow record batch.
 */
export interface MetricBatchHeader {
  readonly record_processor_id: string;
  readonly rows: number;
  /** By phase index. */
  readonly phases: Readonly<Record<string, PhaseRows>>;
  readonly errors: readonly BatchErrors[];
  /** Output tokens of valid records. */
  readonly output_tokens: number;
  /** Sketches in nanoseconds, warm-up left out. */
  readonly live: Readonly<Partial<Record<LiveTag, SketchEntries>>>;
}

/** A batch on its way to the records manager. */
export interface MetricBatch {
  readonly header: MetricBatchHeader;
  /** One encapsulated Arrow record batch message. */
  readonly message: Uint8Array;
  /** Requests and responses of the same rows, in the same order, likewise a message; with the level `raw` only. */
  readonly chunks?: Uint8Array;
}

/** Frames of a batch. */
export function encodeMetricBatch({ header, message, chunks }: MetricBatch): readonly Uint8Array[] {
  const frames = [Buffer.from(JSON.stringify(header)), message];
  return chunks === undefined ? frames : [...frames, chunks];
}

/** Reads frames that {@link encodeMetricBatch} made; throws `AIPERF_METRICS_BAD_MESSAGE` for anything else. */
export function decodeMetricBatch(frames: readonly Uint8Array[]): MetricBatch {
  const [headerBytes, message, chunks] = frames;
  if (frames.length > 3 || headerBytes === undefined || message === undefined) {
    throw new MetricsError('AIPERF_METRICS_BAD_MESSAGE', `Expected header and batch, found ${frames.length} frames.`);
  }
  let header: unknown;
  try {
    header = JSON.parse(Buffer.from(headerBytes.buffer, headerBytes.byteOffset, headerBytes.byteLength).toString());
  } catch (error) {
    throw new MetricsError('AIPERF_METRICS_BAD_MESSAGE', 'Expected a JSON header.', { cause: error });
  }
  if (typeof header !== 'object' || header === null || !('rows' in header) || !('phases' in header)) {
    throw new MetricsError('AIPERF_METRICS_BAD_MESSAGE', 'Expected a header with rows and phases.');
  }
  return { header: header as MetricBatchHeader, message, ...(chunks === undefined ? {} : { chunks }) };
}
