import { ExportError } from '../export-error.ts';
import type { OpenedRun } from '../run/open-run.ts';
import type { Dialect } from './dialect.ts';
import { DIALECT_NAMES, type DialectName } from './dialect-names.ts';
import { DialectRequests } from './dialect-requests.ts';
import { genaiPerfDialect } from './genai-perf.ts';
import { guidellmDialect } from './guidellm.ts';
import { loadFactsOf } from './load-facts.ts';
import { sglangDialect } from './sglang.ts';
import { vllmDialect } from './vllm.ts';

const BY_NAME: Readonly<Record<DialectName, Dialect>> = {
  vllm: vllmDialect,
  guidellm: guidellmDialect,
  'genai-perf': genaiPerfDialect,
  sglang: sglangDialect,
};

/** All dialects, in the order of their names' list. */
export const DIALECTS: readonly Dialect[] = DIALECT_NAMES.map((name) => BY_NAME[name]);

/** How a dialect is rendered. */
export interface RenderDialectOptions {
  /** Zone of printed wall times. Default: that of this machine. */
  readonly timeZone?: string;
}

/**
 * What another tool would have printed for the requests of a run, from its record file alone, and below it one line for each thing that the
 * tool counts otherwise than AIPerf. Throws {@link ExportError} `NOT_RECORDED` where there is nothing that the tool could report.
 */
export async function renderDialect(
  run: Pick<OpenedRun, 'records' | 'config' | 'choices' | 'origin' | 'path'>,
  name: DialectName,
  options: RenderDialectOptions = {},
): Promise<string> {
  const dialect = BY_NAME[name];
  const requests = new DialectRequests(run.records, run.origin);
  let goodCount = 0;
  await requests.visit(({ isGood }) => {
    if (isGood) goodCount++;
  });
  if (goodCount === 0) {
    throw new ExportError(
      'AIPERF_EXPORT_NOT_RECORDED',
      `no request of ${run.path} succeeded: there is nothing to report`,
    );
  }
  const load = loadFactsOf(run.config, run.choices.endpointType);
  const text = await dialect.render({ requests, load, ...options });
  return `${text}\n${renderDifferences(dialect)}`;
}

/** One line a difference. */
function renderDifferences({ tool, differences }: Dialect): string {
  const lines = differences.map(({ subject, text }) => `- ${subject}: ${text}`);
  return [`Where ${tool} counts otherwise than AIPerf:`, ...lines, ''].join('\n');
}
