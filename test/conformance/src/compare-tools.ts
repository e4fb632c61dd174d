import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Checks } from './checks.ts';
import { compareConsole } from './compare-console.ts';
import { compareCsv } from './compare-csv.ts';
import { compareRecords } from './compare-records.ts';
import { compareInputs, compareRequests } from './compare-requests.ts';
import { compareSummary } from './compare-summary.ts';
import { compareTimes, type TimeError } from './compare-times.ts';
import { OUR_TOOL, runTool, type Tool, type ToolRun } from './run-tool.ts';
import type { Scenario } from './scenario.ts';

/** Everything that one scenario showed. */
export interface ScenarioResult {
  readonly checks: Checks;
  readonly timeErrors: readonly TimeError[];
}

/** Runs both tools, one after the other, and compares all that they wrote. */
export async function compareTools(
  scenario: Scenario,
  reference: Tool,
  tokenizer: string,
  directory: string,
): Promise<ScenarioResult> {
  const [theirs, ours] = [
    await runIn(join(directory, 'theirs'), reference, scenario, tokenizer),
    await runIn(join(directory, 'ours'), OUR_TOOL, scenario, tokenizer),
  ];
  const checks = new Checks();
  checks.same('exit-code', theirs.exitCode, ours.exitCode);
  checks.members('files', theirs.files, ours.files);
  checks.same('server/requests', outcomes(theirs), outcomes(ours));
  compareSummary(checks, theirs.text('profile_export_aiperf.json'), ours.text('profile_export_aiperf.json'));
  compareCsv(checks, theirs.text('profile_export_aiperf.csv'), ours.text('profile_export_aiperf.csv'));
  compareConsole(checks, theirs.text('profile_export_console.txt'), ours.text('profile_export_console.txt'));
  compareRecords(checks, theirs.text('profile_export.jsonl'), ours.text('profile_export.jsonl'));
  compareInputs(checks, theirs.text('inputs.json'), ours.text('inputs.json'), scenario.inputTokens);
  checks.same('ready-file', theirs.text('.aiperf_results_ready.json'), ours.text('.aiperf_results_ready.json'));
  if (scenario.recordsRequests) compareRequests(checks, theirs.requests, ours.requests);
  const timeErrors = scenario.recordsRequests ? [] : compareTimes(checks, theirs, ours, scenario);
  return { checks, timeErrors };
}

async function runIn(directory: string, tool: Tool, scenario: Scenario, tokenizer: string): Promise<ToolRun> {
  await mkdir(directory, { recursive: true });
  const run = await runTool(tool, scenario, tokenizer, directory);
  if (run.text('profile_export_aiperf.json') === '') {
    throw new Error(`${tool.args.join(' ')} wrote no summary (exit code ${String(run.exitCode)}):\n${run.output}`);
  }
  return run;
}

/** What the server saw: requests by outcome. */
function outcomes({ stamps }: ToolRun): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const outcome of stamps.map((stamp) => stamp.outcome).toSorted()) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}
