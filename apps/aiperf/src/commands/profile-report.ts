import { join } from 'node:path';
import type { RunOutcome } from '@aiperf/controller';
import {
  endpointTitle,
  exportRun,
  openRun,
  renderClosingLines,
  renderConsoleReport,
  resultFileName,
} from '@aiperf/exporters';
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
    const reason =
      results.errorCount > 0 ? 'no request succeeded; see the error table' : 'no request ended within the time given';
    process.stderr.write(`aiperf: ${reason}\n`);
  }
  if (failure !== undefined) process.stderr.write(`aiperf: ${failure}\n`);
}
