import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CliOptions, type CliResult, type RunningCli, startCli } from './cli.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface ProfileOptions extends Partial<CliOptions> {
  /** Name of the run; its results are in a directory of that name. Default: `run`. */
  readonly name?: string;
  /** `--tokenizer`. Default: the built-in one, so that none is looked for by the model's name. */
  readonly tokenizer?: string;
  /** `--ui`. Default: `none`. */
  readonly ui?: 'simple' | 'none';
}

/** A place for runs: their working directory, their results, and what they keep privately. */
export interface Workplace extends AsyncDisposable {
  readonly path: string;
  /** Parent of the runs' private directories (sockets, dataset, spool files): empty when no run has left any behind. */
  readonly privateParent: string;
  /** Where the run called `name` puts its results. */
  results(name?: string): string;
  /** Runs `aiperf profile` to its end. */
  profile(url: string, args: readonly string[], options?: ProfileOptions): Promise<CliResult>;
  startProfile(url: string, args: readonly string[], options?: ProfileOptions): RunningCli;
}

/** Where compiled code is also kept by runs outside of the tests; by default Node puts it below TMPDIR. */
export const COMPILE_CACHE: string = join(tmpdir(), 'node-compile-cache');

/** Short prompts. */
const COMMON = ['-m', 'mock', '--isl', '16'];

const flags = (values: Readonly<Record<string, string>>): string[] =>
  Object.entries(values).flatMap(([name, value]) => [`--${name}`, value]);

export async function workplace(): Promise<Workplace> {
  const folder = await temporaryFolder();
  const privateParent = await temporaryFolder();
  const results = (name = 'run'): string => join(folder.path, name);
  const startProfile: Workplace['startProfile'] = (
    url,
    args,
    { name, tokenizer = 'builtin', ui = 'none', env, ...options } = {},
  ) =>
    startCli(['profile', ...COMMON, '-u', url, ...flags({ tokenizer, ui, 'artifact-dir': results(name) }), ...args], {
      cwd: folder.path,
      ...options,
      env: { TMPDIR: privateParent.path, NODE_COMPILE_CACHE: COMPILE_CACHE, ...env },
    });
  return {
    path: folder.path,
    privateParent: privateParent.path,
    results,
    startProfile,
    async profile(url, args, options) {
      await using cli = startProfile(url, args, options);
      return await cli.exited;
    },
    async [Symbol.asyncDispose]() {
      await folder[Symbol.asyncDispose]();
      await privateParent[Symbol.asyncDispose]();
    },
  };
}
