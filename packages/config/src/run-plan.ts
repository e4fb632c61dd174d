import type { UserConfig } from './user-config.ts';

/**
 * Zero point of the run's monotonic times, read once by the controller and handed to every local process.
 * Both are decimal strings of integer nanoseconds, because JSON has no 64-bit integers.
 */
export interface ClockOrigin {
  /** `CLOCK_MONOTONIC` at the run's origin. */
  readonly monotonicNs: string;
  /** Unix epoch time of the same instant. */
  readonly epochNs: string;
}

/** What every service needs to know about one run. Made by the controller, sent with the configure command. */
export interface RunPlan {
  /** 12 hex digits; also the prefix of everything that must be unique to the run. */
  readonly benchmarkId: string;
  readonly config: UserConfig;
  readonly clockOrigin: ClockOrigin;
  /** Absolute path of the result directory. It exists when services are configured. */
  readonly runDirectory: string;
  /** Absolute path of a directory private to the run (mode 0700): dataset store, spool files, IPC sockets. */
  readonly privateDirectory: string;
  readonly workerIds: readonly string[];
  readonly recordProcessorIds: readonly string[];
  /** The command as it was typed, secrets redacted. */
  readonly commandLine: string;
  /** Schema metadata of the record file that only the command knows, such as its version. */
  readonly recordMetadata?: Readonly<Record<string, string>>;
}
