import type { RunPlan } from '@aiperf/config';
import { REDACTED } from '@aiperf/config/plan';

/** What the record file says of its run from the beginning; `more` is added. */
export function recordMetadata(plan: RunPlan, more: Iterable<readonly [string, string]> = []): Map<string, string> {
  return new Map([
    ['aiperf.benchmark_id', plan.benchmarkId],
    ['aiperf.command_line', plan.commandLine],
    ['aiperf.run_config', JSON.stringify(redacted(plan.config))],
    ['aiperf.clock_origin', JSON.stringify(plan.clockOrigin)],
    ['aiperf.node_version', process.version],
    ...Object.entries(plan.recordMetadata ?? {}),
    ...more,
  ]);
}

/** Secrets serialise as a placeholder; fields of the request body may be secrets too, so only their names are kept. */
function redacted(config: RunPlan['config']): object {
  const names = Object.keys(config.input.extraInputs);
  const extraInputs = Object.fromEntries(names.map((name) => [name, REDACTED]));
  return { ...config, input: { ...config.input, extraInputs } };
}
