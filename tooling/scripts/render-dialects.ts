import { type Dialect, DIALECTS } from '@aiperf/exporters/reference';

const OPENING = `# Reports of other tools

Generated from the dialects by \`pnpm reference\`; do not edit.

    aiperf report RUN_DIRECTORY --dialect ${DIALECTS.map(({ name }) => name).join('|')}

prints what another tool would have printed for the requests of a run, computed from \`profile_export.arrow\` by that tool's definitions, and
below it every difference that is listed here. It serves to compare a run with numbers that were taken with that tool, and shows how
far names like TTFT, TPOT and ITL differ. Nothing is sent again and no file is written.

The report has what the tool prints by default. It is of the profiling phases; warm-ups are left out. What the record file cannot know is said,
not guessed: the server's own metrics, the client's start-up, lines of a stream without content. Objectives for goodput have no line.
`;

/** \`docs/dialects.md\`: what each tool counts otherwise, and where its definitions are from. */
export function renderDialects(): string {
  return [OPENING, ...DIALECTS.map(section)].join('\n');
}

function section({ name, tool, differences, sources }: Dialect): string {
  return `## \`--dialect ${name}\`: \`${tool}\`

${differences.map(({ subject, text }) => `- **${subject}**: ${text.replaceAll('*', '\\*')}`).join('\n')}

Definitions as of: ${sources.map((source) => `\`${source}\``).join(', ')}.
`;
}
