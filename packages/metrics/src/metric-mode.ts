import type { GoodputObjective, UserConfig } from '@aiperf/config';
import type { MetricDefinition, MetricFlag } from './metric-definition.ts';

/** What of a run decides which metrics exist. Every process of the run derives the same one from the plan. */
export interface MetricMode {
  readonly streaming: boolean;
  readonly producesTokens: boolean;
  readonly tokenizesInput: boolean;
  readonly supportsReasoning: boolean;
  readonly supportsAudio: boolean;
  readonly supportsImages: boolean;
  readonly supportsVideo: boolean;
  readonly producesVideo: boolean;
  /** Request bodies may hold images or audio, so that they are worth looking into. */
  readonly carriesMedia: boolean;
  /** Token counts are the client's own, so that the server's can be held against them. */
  readonly countsOnClient: boolean;
  /** Requests have due times (a rate, a schedule), rather than waiting for a free slot. */
  readonly openLoop: boolean;
  /** Requests follow a recorded schedule. */
  readonly fixedSchedule: boolean;
  /** The round trip to the server is known. */
  readonly networkLatency: boolean;
  /** Objectives of a good request, in display units. */
  readonly goodput: readonly GoodputObjective[];
}

/** What requests and answers of a chat endpoint can hold. */
const CHAT = {
  producesTokens: true,
  tokenizesInput: true,
  supportsReasoning: true,
  supportsAudio: true,
  supportsImages: true,
  supportsVideo: true,
  producesVideo: false,
} as const;

/** A streaming chat run in a closed loop, counted by the client: where there is no run to take a mode from, others are varied from it. */
export const CHAT_MODE: MetricMode = {
  ...CHAT,
  streaming: true,
  carriesMedia: false,
  countsOnClient: true,
  openLoop: false,
  fixedSchedule: false,
  networkLatency: false,
  goodput: [],
};

/** The mode of a run. */
export function metricModeOf(config: UserConfig): MetricMode {
  const profiling = config.phases.filter(({ kind }) => kind === 'profiling');
  const run = {
    streaming: config.endpoint.streaming,
    countsOnClient: !config.endpoint.useServerTokenCount,
    openLoop: profiling.some(({ mode }) => mode !== 'concurrency'),
    fixedSchedule: profiling.some(({ mode }) => mode === 'fixed_schedule'),
    networkLatency: config.metrics.networkLatency !== 'off',
    goodput: config.metrics.goodput,
  };
  switch (config.endpoint.type) {
    case 'chat':
      return {
        ...run,
        ...CHAT,
        // Prompts are text: other parts come only with messages that the user wrote.
        carriesMedia: config.input.extraInputs['messages'] !== undefined,
      };
  }
}

/** Flags that drop a metric in this mode. */
function excludedFlags(mode: MetricMode): ReadonlySet<MetricFlag> {
  const needed: readonly (readonly [isThere: boolean, flag: MetricFlag])[] = [
    [mode.streaming, 'streaming_only'],
    [mode.producesTokens, 'produces_tokens_only'],
    [mode.tokenizesInput, 'tokenizes_input_only'],
    [mode.supportsReasoning, 'supports_reasoning'],
    [mode.supportsAudio, 'supports_audio_only'],
    [mode.supportsImages, 'supports_image_only'],
    [mode.supportsVideo, 'supports_video_only'],
    [mode.producesVideo, 'produces_video_only'],
    [mode.countsOnClient, 'usage_diff_only'],
    [mode.fixedSchedule, 'fixed_schedule_only'],
    [mode.goodput.length > 0, 'goodput'],
  ];
  return new Set(needed.filter(([isThere]) => !isThere).map(([, flag]) => flag));
}

/** A test of one metric's flags in this mode. */
export function flagFilter(mode: MetricMode): (metric: MetricDefinition) => boolean {
  const excluded = excludedFlags(mode);
  return (metric) => !metric.flags.some((flag) => excluded.has(flag));
}
