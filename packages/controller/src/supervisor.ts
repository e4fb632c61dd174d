import type { Observable } from 'rxjs';
import type { PlacedProcess } from './placement.ts';

/** The end of a child process. */
export interface ProcessExit {
  readonly process: PlacedProcess;
  readonly pid: number;
  /** What happened, such as `was killed by SIGKILL` or `exited with code 1`, and the last lines it wrote. */
  readonly reason: string;
}

/** A line that a child wrote to its standard output or error. */
export interface ProcessOutput {
  readonly processName: string;
  readonly line: string;
}

/** Starts, watches and stops the processes of a run, wherever they are. */
export interface Supervisor {
  start(processes: readonly PlacedProcess[]): void;
  /** Every exit that {@link stop} or {@link kill} did not ask for. */
  readonly unexpectedExits$: Observable<ProcessExit>;
  readonly output$: Observable<ProcessOutput>;
  /** Waits for the processes to end by themselves, then kills what is left. Resolves with the names of those killed. */
  stop(deadlineMs: number): Promise<readonly string[]>;
  /** Kills everything at once. */
  kill(): void;
}
