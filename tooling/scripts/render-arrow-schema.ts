import { METADATA_KEYS, SLICE_FIELDS, SLICES_SCHEMA_VERSION } from '@aiperf/exporters/reference';
import { CHAT_MODE, createMetricSet, type MetricMode } from '@aiperf/metrics';
import {
  CHUNK_FIELDS,
  CHUNK_SCHEMA_VERSION,
  createRecordSchema,
  RECORD_SCHEMA_VERSION,
} from '@aiperf/metrics/record-file';

/** A run in which as many metrics exist as can at once. */
const EVERYTHING: MetricMode = {
  ...CHAT_MODE,
  producesVideo: true,
  carriesMedia: true,
  openLoop: true,
  fixedSchedule: true,
  networkLatency: true,
};

type Fields = ReturnType<typeof createRecordSchema>['fields'];

const METADATA_MEANINGS: Readonly<Record<keyof typeof METADATA_KEYS, string>> = {
  schemaVersion: 'version of the layout, see above',
  version: 'version of aiperf that wrote the file',
  benchmarkId: 'id of the run',
  commandLine: 'the command as it was typed, secrets redacted',
  inputConfig: 'JSON: the options that were given, as `input_config` of the summary',
  config: 'JSON: the resolved configuration, secrets redacted; infinite times are null',
  clockOrigin: 'JSON: `monotonicNs` and `epochNs` of run time 0, as decimal texts',
  phases: 'JSON, added at the end: the phases as the timing manager counted them',
  hostTuning: 'JSON, added at the end: the mode of `--host-tuning`, and what was taken of the host',
  measured: 'JSON, added at the end: what was measured beside the requests, in native units',
  summary:
    'JSON, added at the end: all results but the time slices, with the load report, confidence and contradictions',
};

/** Text of `docs/arrow-schema.md`. */
export function renderArrowSchema(): string {
  const open = createRecordSchema(createMetricSet(EVERYTHING), { hasResponseText: true }).fields;
  const closed = createRecordSchema(createMetricSet({ ...EVERYTHING, openLoop: false })).fields;
  const names = new Set(open.map(({ name }) => name));
  const fields = [...open, ...closed.filter(({ name }) => !names.has(name))];
  const isMetric = ({ metadata }: Fields[number]): boolean => (metadata.get('kind') ?? '').startsWith('record');
  const lines = [
    '# Arrow files',
    '',
    'Made from the code by `pnpm reference`; do not edit.',
    '',
    'All three are Arrow IPC files (Feather version 2) without compression or dictionaries. They are written as they come: what a crash',
    'leaves is a stream after the first eight bytes, and `aiperf recover` gives it its footer. A new minor version adds columns, a new',
    'major version changes or drops some. Points in time are `timestamp[ns, UTC]`, durations are integers of nanoseconds.',
    '',
    `## profile_export.arrow, version ${RECORD_SCHEMA_VERSION}`,
    '',
    'One row a request, in the order in which they ended, warm-up included. Which columns of metrics there are depends on the run.',
    '',
    ...table(fields.filter((field) => !isMetric(field))),
    '',
    'Columns of metrics, in native units; [metrics.md](metrics.md) says how each is computed. The field metadata hold `unit`,',
    '`display_unit`, `header`, `flags` and `formula`.',
    '',
    ...table(fields.filter(isMetric)),
    '',
    `## profile_export_chunks.arrow, version ${CHUNK_SCHEMA_VERSION}`,
    '',
    'With `--export-level raw`: what was sent and what came back. The rows of a request follow one another, its `request` row first, and',
    'batches belong one by one to those of the record file.',
    '',
    ...table(CHUNK_FIELDS),
    '',
    `## profile_export_timeslices.arrow, version ${SLICES_SCHEMA_VERSION}`,
    '',
    'With `--slice-duration`: one row a slice and metric, values in display units.',
    '',
    ...table(SLICE_FIELDS),
    '',
    '## Schema metadata',
    '',
    '| key | what |',
    '| --- | --- |',
    ...Object.entries(METADATA_KEYS).map(
      ([name, key]) => `| \`${key}\` | ${METADATA_MEANINGS[name as keyof typeof METADATA_KEYS]} |`,
    ),
    '',
  ];
  return lines.join('\n');
}

function table(fields: readonly Fields[number][]): string[] {
  return [
    '| column | type | null | unit | what |',
    '| --- | --- | --- | --- | --- |',
    ...fields.map(({ name, type, nullable, metadata }) => {
      const cells = [
        `\`${name}\``,
        typeName(String(type)),
        nullable ? 'yes' : '',
        metadata.get('unit') ?? '',
        metadata.get('header') ?? '',
      ];
      return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
    }),
  ];
}

/** Arrow's names as pyarrow spells them. */
function typeName(type: string): string {
  return type
    .replace('Timestamp<NANOSECOND, UTC>', 'timestamp[ns, UTC]')
    .replace('List<', 'list<')
    .toLowerCase()
    .replace('utc', 'UTC');
}
