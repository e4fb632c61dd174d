import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { nearestName } from '@aiperf/nearest-name';
import { loadLawOf } from '@aiperf/timing';
import { endpointTitle } from '@aiperf/endpoints';
import {
  DIALECT_NAMES,
  FILE_FORMATS,
  filesOfFormat,
  type DialectName,
  exportRun,
  type OpenedRun,
  openRun,
  recomputeRun,
  renderClosingLines,
  renderConsoleReport,
  renderDialect,
  type ResultFileKind,
} from '@aiperf/exporters';
import { definitionsOf } from '@aiperf/metrics';
import { VERSION } from '../version.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, isUsageError } from '../exit-codes.ts';

/** Differences that are named. */
const MOST_DIFFERENCES = 5;

const USAGE = `Usage: aiperf report RUN_DIRECTORY|FILE.arrow [OPTIONS]

Prints the tables of a run and writes its files again, from its record file alone.

Options:
  --format LIST       write only these, separated by commas: ${FILE_FORMATS.join(', ')} (which is also printed);
                      default: what the run had asked for
  --output-dir PATH   where the files go; default: beside the record file
  --dialect NAME      print what another tool would have reported of the same requests, and where it counts otherwise, and write no
                      file: ${DIALECT_NAMES.join(', ')}
`;

interface ReportArguments {
  readonly location: string;
  readonly kinds: ReadonlySet<ResultFileKind> | undefined;
  readonly outputDirectory: string | undefined;
  readonly dialect: DialectName | undefined;
}

/** `aiperf report RUN`: tables and files of a finished run. */
export async function report(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(USAGE);
    return EXIT_OK;
  }
  const parsed = parseArguments(argv);
  if (typeof parsed === 'string') {
    process.stderr.write(`aiperf report: ${parsed}; see aiperf report --help\n`);
    return EXIT_USAGE;
  }
  try {
    await using opened = await openRun(parsed.location, { loadLawOf });
    if (parsed.dialect !== undefined) return await printDialect(opened, parsed.dialect);
    const warn = (message: string): void => void process.stderr.write(`aiperf report: ${message}\n`);
    const { run, differences } = await recomputeRun(opened, warn);
    await writeAndPrint(run, parsed);
    const { results, path, description } = run;
    if (differences.length > 0) {
      const names = `${differences.slice(0, MOST_DIFFERENCES).join(', ')}${differences.length > MOST_DIFFERENCES ? ', …' : ''}`;
      const reason =
        description.aiperfVersion === VERSION
          ? 'the file is not as it was written'
          : `aiperf ${description.aiperfVersion} wrote it and this is ${VERSION}`;
      warn(`the rows of ${path} give other results than those stored with them (${names}): ${reason}`);
      return EXIT_FAILED;
    }
    return results.requestCount === 0 && results.errorCount > 0 ? EXIT_FAILED : EXIT_OK;
  } catch (error) {
    process.stderr.write(`aiperf report: ${(error as Error).message}\n`);
    return isUsageError(error) ? EXIT_USAGE : EXIT_FAILED;
  }
}

async function printDialect(run: OpenedRun, dialect: DialectName): Promise<number> {
  if (run.results.requestCount === 0) {
    process.stderr.write(
      `aiperf report: no request of ${run.path} succeeded, so that ${dialect} would report nothing\n`,
    );
    return EXIT_FAILED;
  }
  process.stdout.write(await renderDialect(run, dialect));
  return EXIT_OK;
}

async function writeAndPrint(run: OpenedRun, { kinds, outputDirectory }: ReportArguments): Promise<void> {
  const { results, choices, description } = run;
  if (outputDirectory !== undefined) await mkdir(outputDirectory, { recursive: true });
  const files = await exportRun(run, {
    ...(kinds === undefined ? {} : { kinds }),
    ...(outputDirectory === undefined ? {} : { directory: outputDirectory }),
  });
  // Whoever asks for a file wants that.
  if (kinds?.has('console') === false) {
    for (const { kind, path } of files) if (kinds.has(kind)) process.stdout.write(`${path}\n`);
    return;
  }
  const text = renderConsoleReport({
    results,
    definitions: definitionsOf(results),
    endpointTitle: endpointTitle(choices.endpointType),
    // A terminal that does not know its width says 0.
    widthColumns: process.stdout.columns || 100,
    showsTraceTiming: choices.showsTraceTiming,
  });
  process.stdout.write(`\n${text}\n`);
  const logPath = join(run.directory, 'logs', 'aiperf.log');
  process.stdout.write(renderClosingLines({ results, commandLine: description.commandLine, files, logPath }));
}

/** The arguments, or what is wrong with them. */
function parseArguments(argv: readonly string[]): ReportArguments | string {
  let parsed: { values: { format?: string[]; 'output-dir'?: string; dialect?: string }; positionals: string[] };
  try {
    parsed = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        format: { type: 'string', multiple: true },
        'output-dir': { type: 'string' },
        dialect: { type: 'string' },
      },
    });
  } catch (error) {
    const [message = ''] = (error as Error).message.split('. ');
    return message;
  }
  const { values, positionals } = parsed;
  const [location] = positionals;
  if (location === undefined || positionals.length > 1) return 'expected one run directory or record file';
  const formats = values.format?.flatMap((list) => list.split(','));
  const unknown = formats?.find((format) => !FILE_FORMATS.includes(format));
  if (unknown !== undefined) return unknownName('format', unknown, FILE_FORMATS);
  const dialect = DIALECT_NAMES.find((name) => name === values.dialect);
  if (values.dialect !== undefined) {
    if (dialect === undefined) return unknownName('dialect', values.dialect, DIALECT_NAMES);
    const option = formats === undefined ? (values['output-dir'] === undefined ? '' : '--output-dir') : '--format';
    if (option !== '') return `${option} is about files, and --dialect writes none`;
  }
  return {
    location,
    kinds: formats === undefined ? undefined : new Set(formats.flatMap((format) => filesOfFormat(format))),
    outputDirectory: values['output-dir'],
    dialect,
  };
}

function unknownName(kind: string, name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return `unknown ${kind} '${name}'; ${nearest === undefined ? `expected ${known.join(', ')}` : `did you mean ${nearest}?`}`;
}
