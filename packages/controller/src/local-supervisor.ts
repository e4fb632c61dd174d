import { type ChildProcess, fork } from 'node:child_process';
import { getCompileCacheDir } from 'node:module';
import { createInterface } from 'node:readline';
import { type Observable, Subject } from 'rxjs';
import type { ServicesSpec } from './services-spec.ts';
import type { PlacedProcess } from './placement.ts';
import type { ProcessExit, ProcessOutput, Supervisor } from './supervisor.ts';

/** How a child process is started. */
export interface ChildEntry {
  /** Module that runs `runServiceProcess`. */
  readonly path: string;
  /** Options of the Node binary, such as those that run sources. */
  readonly execArgv: readonly string[];
  /** Puts analysis into sessions of their own, between which the kernel shares cores; see `--host-tuning`. Absent: no. */
  readonly sharesCoresBySession?: boolean;
}

/**
 * Node options of every child. V8 starts four threads in each process, which compile and collect garbage beside it. On a host with few cores
 * they take turns with the threads that send and stamp, for a millisecond or more each, and a collection waits for whichever of them has
 * not got a core.
 */
const CHILD_OPTIONS: readonly string[] = ['--v8-pool-size=2', '--single-threaded-gc'];

/**
 * Further ones of a process that stamps reads; sizes in MiB. V8 begins with a young generation of 1 MiB and collects the whole heap each time
 * some 30 MiB of finished responses have gone: each collection stops the process for 2 to 10 ms, which every stamp of that time is late
 * by. With more room from the start there are a tenth as many, and a worker collects what its start has left before the load.
 */
const WORKER_OPTIONS: readonly string[] = ['--min-semi-space-size=32', '--initial-heap-size=256', '--expose-gc'];

/**
 * glibc, where it is the allocator, returns what is larger than this to the system at once, bytes. By itself it raises that bound with the
 * batches of a megabyte that come and go, and keeps the holes between them: 50 MiB of a worker after a million requests.
 */
const CHILD_ENVIRONMENT: NodeJS.ProcessEnv = { MALLOC_MMAP_THRESHOLD_: '262144' };

/** Output lines kept of each child, to explain an unexpected exit. */
const KEPT_LINES = 30;

interface Child {
  readonly handle: ChildProcess;
  readonly exited: Promise<void>;
}

/** Forks the processes of a run on this host. A child whose parent dies ends by itself, when its channel closes. */
export class LocalSupervisor implements Supervisor {
  readonly #entry: ChildEntry;
  readonly #specOf: (process: PlacedProcess) => ServicesSpec;
  readonly #children = new Map<string, Child>();
  readonly #exits = new Subject<ProcessExit>();
  readonly #output = new Subject<ProcessOutput>();
  #isStopping = false;

  constructor(entry: ChildEntry, specOf: (process: PlacedProcess) => ServicesSpec) {
    this.#entry = entry;
    this.#specOf = specOf;
  }

  get unexpectedExits$(): Observable<ProcessExit> {
    return this.#exits.asObservable();
  }

  get output$(): Observable<ProcessOutput> {
    return this.#output.asObservable();
  }

  start(processes: readonly PlacedProcess[]): void {
    for (const placed of processes) this.#fork(placed);
  }

  async stop(deadlineMs: number): Promise<readonly string[]> {
    this.#isStopping = true;
    const children = [...this.#children.values()];
    const allExited = Promise.all(children.map(({ exited }) => exited));
    let timer: NodeJS.Timeout | undefined;
    const deadline = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs);
    });
    await Promise.race([allExited, deadline]);
    clearTimeout(timer);
    const killed = [...this.#children.keys()];
    this.kill();
    await allExited;
    return killed;
  }

  kill(): void {
    this.#isStopping = true;
    for (const { handle } of this.#children.values()) handle.kill('SIGKILL');
  }

  #fork(placed: PlacedProcess): void {
    const hasWorker = placed.services.some(({ serviceType }) => serviceType === 'worker');
    const handle = fork(this.#entry.path, [], {
      execArgv: [...this.#entry.execArgv, ...CHILD_OPTIONS, ...(hasWorker ? WORKER_OPTIONS : [])],
      env: { ...CHILD_ENVIRONMENT, ...process.env, ...compileCache() },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A session of its own. Linux shares cores between sessions first, so the analysis of records can be kept from taking any from a server.
      detached:
        this.#entry.sharesCoresBySession === true &&
        placed.services.some(({ serviceType }) => serviceType === 'record_processor'),
    });
    const lastLines: string[] = [];
    for (const stream of [handle.stdout, handle.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on('line', (line) => {
        lastLines.push(line);
        if (lastLines.length > KEPT_LINES) lastLines.shift();
        this.#output.next({ processName: placed.name, line });
      });
    }
    const exited = new Promise<void>((resolve) => {
      let hasEnded = false;
      const end = (reason: string): void => {
        if (hasEnded) return;
        hasEnded = true;
        this.#children.delete(placed.name);
        resolve();
        if (!this.#isStopping)
          this.#exits.next({ process: placed, pid: handle.pid ?? 0, reason: explain(reason, lastLines) });
      };
      handle.once('error', (error) => end(`could not be started: ${error.message}`));
      handle.once('exit', (code, signal) => {
        const reason = signal === null ? `exited with code ${code ?? 'unknown'}` : `was killed by ${signal}`;
        // The last lines explain the exit and may still be in the pipe; both pipes close after 'exit'.
        handle.once('close', () => end(reason));
      });
    });
    this.#children.set(placed.name, { handle, exited });
    // A child that died before it read its spec is reported by its exit.
    handle.send(this.#specOf(placed), () => undefined);
  }
}

/** The parent's cache of compiled code, if it has one: a child starts faster with it. */
function compileCache(): NodeJS.ProcessEnv {
  const directory = getCompileCacheDir();
  return directory === undefined ? {} : { NODE_COMPILE_CACHE: directory };
}

/** An uncaught error prints its message above a stack and Node's version; the message is what explains the exit. */
function explain(reason: string, lastLines: readonly string[]): string {
  const words =
    lastLines.findLast((line) => /^(Uncaught )?\w*Error\b/u.test(line)) ?? lastLines.findLast((line) => line !== '');
  return words === undefined ? reason : `${reason}; its last words: ${words}`;
}
