import {
  definitionsOf,
  METRIC_FLAGS,
  type ConsoleGroup,
  type MetricDefinition,
  type MetricFlag,
} from '@aiperf/metrics';

/** Tables in the order of the console, with what stands in them. */
const GROUPS: readonly (readonly [group: ConsoleGroup, title: string])[] = [
  ['default', 'Main table'],
  ['effective', 'Effective'],
  ['active', 'Active'],
  ['usage', 'Usage'],
  ['cache', 'Cache'],
  ['prediction', 'Prediction'],
  ['audio', 'Audio'],
  ['reasoning', 'Reasoning'],
  ['spec_decode', 'Speculative decoding'],
  ['none', 'In files only'],
];

const FLAG_MEANINGS: Readonly<Record<MetricFlag, string>> = {
  streaming_only: 'only with `--streaming`',
  error_only: 'of failed requests; every other metric is of valid ones, unless its formula says so',
  produces_tokens_only: 'only where the endpoint generates tokens',
  larger_is_better: 'more is better; decides the direction of an objective',
  internal: 'computed and stored, shown nowhere',
  supports_reasoning: 'only where the endpoint can return reasoning',
  experimental: 'as internal; its definition may change',
  no_individual_records: 'not in the per-request JSON lines',
  tokenizes_input_only: 'only where the endpoint has a prompt',
  usage_diff_only: "only when the client counts tokens, so that the server's counts can be held against its own",
  http_trace_only: 'about one HTTP exchange',
  percentile_includes_failed_requests: 'has an error-adjusted twin `adj_<tag>` when requests failed',
  supports_audio_only: 'only where the endpoint takes or makes audio',
  supports_image_only: 'only where the endpoint takes images',
  supports_video_only: 'only where the endpoint takes video',
  produces_video_only: 'only where the endpoint makes videos',
  goodput: 'only with objectives (`--goodput`)',
  fixed_schedule_only: 'only when a recorded schedule is replayed',
  disable_on_accuracy: 'not when answers are graded',
};

/** The reference of all metrics as a page of Markdown. */
export function renderMetrics(definitions: readonly MetricDefinition[] = definitionsOf({})): string {
  const parts = [INTRODUCTION];
  for (const [group, title] of GROUPS) {
    const members = definitions.filter(({ consoleGroup }) => consoleGroup === group).toSorted(byOrder);
    if (members.length > 0) parts.push(`## ${title}`, renderTable(members));
  }
  parts.push('## Flags', METRIC_FLAGS.map((flag) => `- \`${flag}\`: ${FLAG_MEANINGS[flag]}`).join('\n'));
  return `${parts.join('\n\n')}\n`;
}

const INTRODUCTION = `# Metrics

Generated from the registry by \`pnpm reference\`; do not edit. Every metric is one entry of \`packages/metrics/src/registry.ts\`, from which the columns
and field metadata of \`profile_export.arrow\`, the statistics, the tables and this page are made.

- **Kinds.** \`record\`: one value a request, a column of the record file. \`record_list\`: several. \`aggregate\`: one value a run, folded over the rows.
  \`derived\`: one value a run, from the others. \`derived_record\`: one value a request that is known only at the end of the run. \`measured\`: values
  of the run from beside its requests.
- **Units.** The record file holds native units (the first one given); tables, JSON and CSV hold the display unit (behind the arrow). 1 KB is 1024 bytes.
- **Absent is absent.** A request without a value takes no part in a metric's statistics; nothing is counted as 0 for want of a value.
- **Version.** Raised when the same requests would give another value than before.`;

function byOrder(a: MetricDefinition, b: MetricDefinition): number {
  return (a.displayOrder ?? Number.POSITIVE_INFINITY) - (b.displayOrder ?? Number.POSITIVE_INFINITY) || 0;
}

const COLUMNS = ['tag', 'header', 'unit', 'kind', 'formula', 'requires', 'flags', 'version'] as const;

function renderTable(definitions: readonly MetricDefinition[]): string {
  const lines = [COLUMNS, COLUMNS.map(() => '---'), ...definitions.map(cellsOf)];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function cellsOf(definition: MetricDefinition): readonly string[] {
  const { tag, header, shortHeader, unit, displayUnit, kind, formula, requires = [], flags, version = 1 } = definition;
  const cells = [
    code(tag),
    shortHeader === undefined ? header : `${header} (${shortHeader})`,
    displayUnit === undefined ? unit : `${unit} → ${displayUnit}`,
    kind,
    formula,
    requires.map(code).join(' '),
    flags.map(code).join(' '),
    String(version),
  ];
  return cells.map((cell) => cell.replaceAll('|', '\\|'));
}

function code(text: string): string {
  return `\`${text}\``;
}
