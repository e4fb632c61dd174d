import type { UserConfig } from '@aiperf/config';
import type { MetricDefinition, MetricFlag } from './metric-definition.ts';

/** What of a run decides which metrics exist. Every process of the run derives the same one from the plan. */
export interface MetricMode {
  readonly streaming: boolean;
  readonly producesTokens: boolean;
  readonly tokenizesInput: boolean;
  readonly supportsReasoning: boolean;
  readonly supportsAudio: boolean;
  /** Token counts are the client's own, so that the server's can be held against them. */
  readonly countsOnClient: boolean;
  /** Requests have due times (a rate), rather than waiting for a free slot. */
  readonly openLoop: boolean;
}

/** The mode of a run. */
export function metricModeOf(config: UserConfig): MetricMode {
  switch (config.endpoint.type) {
    case 'chat':
      return {
        streaming: config.endpoint.streaming,
        producesTokens: true,
        tokenizesInput: true,
        supportsReasoning: true,
        supportsAudio: true,
        countsOnClient: !config.endpoint.useServerTokenCount,
        openLoop: config.load.requestRatePerSec !== undefined,
      };
  }
}

/** Flags that drop a metric in this mode. */
function excludedFlags(mode: MetricMode): ReadonlySet<MetricFlag> {
  const excluded = new Set<MetricFlag>();
  if (!mode.streaming) excluded.add('streaming_only');
  if (!mode.producesTokens) excluded.add('produces_tokens_only');
  if (!mode.tokenizesInput) excluded.add('tokenizes_input_only');
  if (!mode.supportsReasoning) excluded.add('supports_reasoning');
  if (!mode.supportsAudio) excluded.add('supports_audio_only');
  if (!mode.countsOnClient) excluded.add('usage_diff_only');
  return excluded;
}

/** A test of one metric's flags in this mode. */
export function flagFilter(mode: MetricMode): (metric: MetricDefinition) => boolean {
  const excluded = excludedFlags(mode);
  return (metric) => !metric.flags.some((flag) => excluded.has(flag));
}
