import { join } from 'node:path';
import {
  artifactDirectoryName,
  describeConfig,
  loadProfileConfig,
  redactCommandLine,
  renderHelp,
  renderProblems,
  type UserConfig,
  wantsHelp,
} from '@aiperf/config';
import {
  childProcesses,
  type LogRecord,
  type RunOutcome,
  SystemController,
  type SystemControllerOptions,
} from '@aiperf/controller';
import { createRunDirectory } from '@aiperf/exporters/run-directory';
import { childEntry } from '../child-entry.ts';
import { VERSION } from '../version.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, EXIT_OK, EXIT_USAGE, isUsageError } from '../exit-codes.ts';
import { type ProgressDisplay, showProgress } from '../ui/simple-ui.ts';
import { checkInputFile, hasTimestamps } from './check-input-file.ts';

const DEFAULT_COLUMNS = 100;

/** `aiperf profile`: one benchmark run, from the command line to the printed tables. */
export async function profile(argv: readonly string[]): Promise<number> {
  // A terminal that does not know its width says 0.
  const columns = process.stdout.columns || DEFAULT_COLUMNS;
  if (wantsHelp(argv)) {
    process.stdout.write(renderHelp('profile', columns));
    return EXIT_OK;
  }
  const parsed = await loadProfileConfig(argv, { isTty: process.stderr.isTTY, hasTimestamps });
  if (!parsed.ok) {
    process.stderr.write(renderProblems(parsed.problems, columns));
    return EXIT_USAGE;
  }
  const { config, given } = parsed;
  const commandLine = redactCommandLine(argv);
  try {
    await checkMetrics(config);
    await checkInputFile(config);
    if (config.service.dryRun) return await (await import('./dry-run.ts')).dryRun(config);
    const runDirectory = await makeRunDirectory(config);
    const recordMetadata = {
      'aiperf.version': VERSION,
      'aiperf.input_config': JSON.stringify(describeConfig(config, given)),
    };
    const outcome = await runWithDisplay({ config, commandLine, runDirectory, recordMetadata });
    return await report({ outcome, runDirectory, columns });
  } catch (error) {
    if (error instanceof InterruptedError) return EXIT_INTERRUPTED;
    process.stderr.write(`aiperf: ${(error as Error).message}\n`);
    return isUsageError(error) ? EXIT_USAGE : EXIT_FAILED;
  }
}

/** Writes the files and prints the tables. Requests were sent by now, so whatever fails is no fault of the command line. */
async function report(options: { outcome: RunOutcome; runDirectory: string; columns: number }): Promise<number> {
  try {
    const { reportRun } = await import('./profile-report.ts');
    await reportRun(options);
    return exitCodeOf(options.outcome);
  } catch (error) {
    process.stderr.write(`aiperf: ${(error as Error).message}\n`);
    return EXIT_FAILED;
  }
}

class InterruptedError extends Error {}

/** The usual metrics are right; what the user adds to them can be wrong, and is better told now than after the load. */
async function checkMetrics(config: UserConfig): Promise<void> {
  if (config.metrics.goodput.length === 0 && config.metrics.modules.length === 0) return;
  const { loadMetricSet } = await import('@aiperf/metrics');
  await loadMetricSet(config);
}

function makeRunDirectory(config: UserConfig): Promise<string> {
  const { artifactDirectory, exportPrefix: prefix } = config.output;
  return artifactDirectory === undefined
    ? createRunDirectory(join('artifacts', artifactDirectoryName(config)), { given: false, prefix })
    : createRunDirectory(artifactDirectory, { given: true, prefix });
}

type RunOptions = Omit<SystemControllerOptions, 'onLog'>;

async function runWithDisplay(options: RunOptions): Promise<RunOutcome> {
  let display: ProgressDisplay | undefined;
  const print = (text: string): void => {
    if (display === undefined) process.stderr.write(`${text}\n`);
    else display.print(text);
  };
  const onLog = (record: LogRecord): void => {
    if (isShown(record)) print(`${record.level.toUpperCase()}: ${record.message}`);
  };
  const controller = new SystemController({ ...options, onLog }, childProcesses(childEntry()));
  let signalCount = 0;
  const onSignal = (): void => {
    signalCount += 1;
    if (signalCount === 1) {
      print('Stopping: requests in flight are cancelled and results written. Press Ctrl-C again to leave at once.');
      controller.cancel();
      return;
    }
    controller.kill();
    display?.close();
    process.exit(EXIT_INTERRUPTED);
  };
  process.on('SIGINT', onSignal);
  process.on('SIGTERM', onSignal);
  if (options.config.service.ui === 'simple') display = showProgress(controller.progress$, process.stderr);
  try {
    return await controller.run();
  } catch (error) {
    if (signalCount > 0) throw new InterruptedError('interrupted before the load began', { cause: error });
    throw error;
  } finally {
    display?.close();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

/** What the log file also holds, but the user should not have to look for. */
function isShown({ level }: LogRecord): boolean {
  return level === 'warning' || level === 'error' || level === 'critical';
}

function exitCodeOf({ results, failure }: RunOutcome): number {
  if (failure !== undefined) return EXIT_FAILED;
  if (results.wasCancelled) return EXIT_INTERRUPTED;
  // A request whose record is missing may have been the worst one.
  return results.requestCount === 0 || results.lostCount > 0 ? EXIT_FAILED : EXIT_OK;
}
