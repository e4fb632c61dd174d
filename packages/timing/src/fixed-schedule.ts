import type { FixedScheduleConfig } from '@aiperf/config';
import { TimingError } from './timing-error.ts';

/** One conversation of a recording. */
export interface FixedScheduleEntry {
  readonly conversationIndex: number;
  /** Time of its first turn, as recorded. */
  readonly timestampNs: number;
}

/** A recording, ready to be played. */
export interface FixedSchedulePlan {
  /** In the order of their times, those of one instant in the order of the recording. `atNs` counts from the beginning of the phase. */
  readonly entries: readonly { readonly conversationIndex: number; readonly atNs: number }[];
  /** The recorded time that is the beginning of the phase: `atNs` = `timestampNs` - `zeroNs`, for later turns as well. */
  readonly zeroNs: number;
  /** Entries of the recording outside the window. */
  readonly leftOutCount: number;
  /** What the user should know about the recording. */
  readonly warnings: readonly string[];
}

/**
 * The part of a recording that is played and when. The beginning of the phase is the first time of the window with an automatic offset,
 * else the start of the window, else the recording's 0.
 */
export function planFixedSchedule(
  recording: readonly FixedScheduleEntry[],
  config: FixedScheduleConfig,
  durationSec?: number,
): FixedSchedulePlan {
  if (recording.length === 0) throw badSchedule('the schedule is empty: --fixed-schedule needs at least one timestamp');
  const startNs = config.startOffsetMs === undefined ? Number.NEGATIVE_INFINITY : config.startOffsetMs * 1e6;
  const endNs = config.endOffsetMs === undefined ? Number.POSITIVE_INFINITY : config.endOffsetMs * 1e6;
  let firstUnsorted: number | undefined;
  let earliestNs = Number.POSITIVE_INFINITY;
  let latestNs = Number.NEGATIVE_INFINITY;
  let previousNs = Number.NEGATIVE_INFINITY;
  const window: FixedScheduleEntry[] = [];
  for (const [index, entry] of recording.entries()) {
    const { timestampNs } = entry;
    if (!Number.isFinite(timestampNs) || timestampNs < 0) {
      throw badSchedule(
        `entry ${index + 1} of the schedule: the timestamp must be a number of at least 0 ms, not ${timestampNs / 1e6}`,
      );
    }
    if (timestampNs < previousNs) firstUnsorted ??= index;
    previousNs = timestampNs;
    earliestNs = Math.min(earliestNs, timestampNs);
    latestNs = Math.max(latestNs, timestampNs);
    if (timestampNs >= startNs && timestampNs <= endNs) window.push(entry);
  }
  if (window.length === 0) {
    throw badSchedule(
      `no entry of the schedule lies within --fixed-schedule-start-offset ${config.startOffsetMs ?? 0} and ` +
        `--fixed-schedule-end-offset ${config.endOffsetMs ?? 'none'}: it goes from ${earliestNs / 1e6} to ${latestNs / 1e6} ms`,
    );
  }
  // Stable, so equal times stay in the order of the recording.
  window.sort((a, b) => a.timestampNs - b.timestampNs);
  const zeroNs = config.autoOffset ? (window[0]?.timestampNs ?? 0) : (config.startOffsetMs ?? 0) * 1e6;
  const entries = window.map(({ conversationIndex, timestampNs }) => ({
    conversationIndex,
    atNs: Math.round(timestampNs - zeroNs),
  }));
  const lastNs = entries.at(-1)?.atNs ?? 0;
  if (durationSec !== undefined && lastNs >= durationSec * 1e9) {
    throw badSchedule(
      `the schedule goes on for ${lastNs / 1e9} s, --benchmark-duration ends after ${durationSec} s; ` +
        'a longer duration or an earlier --fixed-schedule-end-offset fits them together',
    );
  }
  return {
    entries,
    zeroNs,
    leftOutCount: recording.length - window.length,
    warnings:
      firstUnsorted === undefined
        ? []
        : [`the schedule is not in the order of its times (first at entry ${firstUnsorted + 1}); it was sorted`],
  };
}

const badSchedule = (message: string): TimingError => new TimingError('AIPERF_TIMING_SCHEDULE', message);
