import { join } from 'node:path';
import { pythonWith } from '@aiperf/tooling-scripts/python-venv';
import { localFile } from '../paths.ts';
import { runToSuccess } from './measured-run.ts';
import { type Load, loadFlags, type ProfileRun, readSummary } from './pipeline.ts';
import { temporaryDirectory } from './temporary-directory.ts';

const PACKAGES = ['aiperf==0.13.0'];
/** The script that pip installs names the interpreter's first path, which the environment was moved away from. */
const ENTRY = 'import sys; sys.argv[0] = "aiperf"; from aiperf.cli import app; sys.exit(app())';
const DEADLINE_SEC = 300;

/** AIPerf in Python, ready to run. */
export interface AiperfPython {
  run(url: string, load: Load): Promise<ProfileRun>;
}

/** Installs AIPerf and trains a tokenizer for it in `directory`; `undefined` where there is no Python or no package. */
export async function findAiperfPython(
  directory: string,
  say: (text: string) => void,
): Promise<AiperfPython | undefined> {
  const python = await pythonWith(PACKAGES).catch((error: Error) => {
    say(`AIPerf in Python is left out: ${error.message.split('\n')[0]}`);
  });
  if (python === undefined) return undefined;
  const tokenizer = join(directory, 'tokenizer');
  // The offline switch makes it refuse a tokenizer in a local folder.
  const { HF_HUB_OFFLINE: _, ...env } = process.env;
  const script = localFile('../python/train_tokenizer.py');
  await runToSuccess({ command: [python, script, tokenizer], deadlineSec: DEADLINE_SEC, env });
  return { run: (url, load) => runAiperfPython({ python, tokenizer, env, url, load }) };
}

interface RunOptions {
  readonly python: string;
  readonly tokenizer: string;
  readonly env: NodeJS.ProcessEnv;
  readonly url: string;
  readonly load: Load;
}

async function runAiperfPython({ python, tokenizer, env, url, load }: RunOptions): Promise<ProfileRun> {
  await using directory = await temporaryDirectory();
  const artifacts = join(directory.path, 'run');
  const common = ['--model', 'mock', '--endpoint-type', 'chat', '--streaming', '--isl', '64', '--ui', 'none'];
  const paths = ['--url', url, '--tokenizer', tokenizer, '--artifact-dir', artifacts];
  const run = await runToSuccess({
    command: [python, '-c', ENTRY, 'profile', ...paths, ...common, ...loadFlags(load)],
    cwd: directory.path,
    deadlineSec: DEADLINE_SEC,
    env,
  });
  return readSummary(run, artifacts);
}
