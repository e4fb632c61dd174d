import { join } from 'node:path';
import type { RunOutcome } from '@aiperf/controller';
import { endpointTitle } from '@aiperf/endpoints';
import { exportRun, openRun, renderClosingLines, renderConsoleReport, resultFileName } from '@aiperf/exporters';
import { definitionsOf } from '@aiperf/metrics';

export interface ReportOptions {
  readonly outcome: RunOutcome;
  readonly runDirectory: string;
  /** Width of the terminal. */
  readonly columns: number;
}

/** Writes the result files and prints the tables and the paths. */
export async function reportRun({ outcome, runDirectory, columns }: ReportOptions): Promise<void> {
  const { plan, results, failure } = outcome;
  const { config, commandLine } = plan;
  const report = renderConsoleReport({
    results,
    definitions: definitionsOf(results),
    endpointTitle: endpointTitle(config.endpoint.type),
    widthColumns: columns,
    showsTraceTiming: config.output.showTraceTiming,
  });
  // Before the files, so that a full disk does not cost what has been measured.
  process.stdout.write(`\n${report}\n`);
  await using run = await openRun(join(runDirectory, resultFileName('arrow', config.output.exportPrefix)));
  // The file has no slices, and here they are at hand.
  const files = await exportRun({ ...run, results });
  const logPath = join(runDirectory, 'logs', 'aiperf.log');
  process.stdout.write(renderClosingLines({ results, commandLine, files, logPath }));
  const hasTokens = results.profiling.some(({ tag }) => tag === 'output_sequence_length');
  if (config.endpoint.useServerTokenCount && results.requestCount > 0 && !hasTokens) {
    process.stderr.write(
      'aiperf: the server reported no usage, so there are no token counts with --use-server-token-count\n',
    );
  }
  if (results.requestCount === 0 && failure === undefined && !results.wasCancelled) {
    process.stderr.write(`aiperf: ${nothingMeasured(results)}\n`);
  }
  if (failure !== undefined) process.stderr.write(`aiperf: ${failure}\n`);
}

/** Why a run that went to its end has no request to take numbers from. */
function nothingMeasured({ errorCount, cancelledCount, lostCount }: RunOutcome['results']): string {
  if (errorCount > 0) return 'no request succeeded; see the error table';
  if (cancelledCount > 0) return 'every request was cancelled before it had ended';
  return lostCount > 0 ? 'no request left a record' : 'no request was sent within the time given';
}
