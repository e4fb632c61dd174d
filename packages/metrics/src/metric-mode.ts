import { endpointOf, type EndpointTraits, type EndpointType } from '@aiperf/endpoints';
import type { MetricDefinition, MetricFlag } from './metric-definition.ts';
import type { GoodputObjective, MetricRunConfig } from './run-config.ts';

/** What of a run decides which metrics exist. Every process of the run derives the same one from the plan. */
export interface MetricMode extends Omit<EndpointTraits, 'streams'> {
  readonly streaming: boolean;
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

/** What follows from the endpoint alone. */
function modeOfEndpoint(type: EndpointType): Omit<EndpointTraits, 'streams'> & Pick<MetricMode, 'producesVideo'> {
  const { produces, traits } = endpointOf(type);
  const { streams: _, ...others } = traits;
  return { ...others, producesVideo: produces === 'video' };
}

/** A streaming chat run in a closed loop, counted by the client: where there is no run to take a mode from, others are varied from it. */
export const CHAT_MODE: MetricMode = {
  ...modeOfEndpoint('chat'),
  streaming: true,
  carriesMedia: false,
  countsOnClient: true,
  openLoop: false,
  fixedSchedule: false,
  networkLatency: false,
  goodput: [],
};

/** The mode of a run. */
export function metricModeOf(config: MetricRunConfig): MetricMode {
  const { type, streaming, useServerTokenCount } = config.endpoint;
  const endpoint = endpointOf(type);
  const profiling = config.phases.filter(({ kind }) => kind === 'profiling');
  return {
    ...modeOfEndpoint(type),
    streaming: streaming && endpoint.traits.streams,
    carriesMedia: endpoint.mayCarryMedia(config.input.extraInputs),
    countsOnClient: !useServerTokenCount,
    openLoop: profiling.some(({ mode }) => mode !== 'concurrency'),
    fixedSchedule: profiling.some(({ mode }) => mode === 'fixed_schedule'),
    networkLatency: config.metrics.networkLatency !== 'off',
    goodput: config.metrics.goodput,
  };
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
