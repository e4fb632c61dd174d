import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { recoverArrowFile } from '@aiperf/records/file';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from '../exit-codes.ts';

/** `aiperf recover RUN|FILE`: gives the record file of a run that was killed its footer. */
export async function recover(argv: readonly string[]): Promise<number> {
  const [target, ...extra] = argv;
  if (target === undefined || extra.length > 0 || target.startsWith('-')) {
    const isHelp = target === '-h' || target === '--help';
    const usage =
      'Usage: aiperf recover RUN_DIRECTORY|FILE.arrow\n\nFinishes the record file of a run that was killed.\n';
    (isHelp ? process.stdout : process.stderr).write(usage);
    return isHelp ? EXIT_OK : EXIT_USAGE;
  }
  try {
    const path = (await stat(target)).isDirectory() ? join(target, 'profile_export.arrow') : target;
    const { rowCount } = await recoverArrowFile(path);
    process.stdout.write(`${path}: ${rowCount} records\n`);
    return EXIT_OK;
  } catch (error) {
    process.stderr.write(`aiperf recover: ${(error as Error).message}\n`);
    return EXIT_FAILED;
  }
}
