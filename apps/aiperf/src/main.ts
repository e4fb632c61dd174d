import { EXIT_OK, EXIT_USAGE } from './exit-codes.ts';

const USAGE = `aiperf: load generator and benchmark for LLM inference servers

Usage: aiperf COMMAND [OPTIONS]

Commands:
  profile      offer load to a server and report what its users would feel
  mock-server  OpenAI-style chat server with programmable timing and faults
  recover      finish the record file of a run that was killed
  report       tables and files of a finished run, from its record file alone

Options:
  -h, --help   this page; after a command, the command's own
  --version    version of aiperf

Example:
  aiperf profile -m MODEL -u http://localhost:8000 --streaming --concurrency 8 --request-count 100
`;

/** Runs one command line and resolves with its exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  // A reader that has gone (`| head`), or an output on a full disk, must cost neither the run nor its files.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  const [command, ...rest] = argv;
  switch (command) {
    case undefined:
    case '-h':
    case '--help':
      process.stdout.write(USAGE);
      return EXIT_OK;
    case '--version': {
      const { VERSION } = await import('./version.ts');
      process.stdout.write(`${VERSION}\n`);
      return EXIT_OK;
    }
    case 'profile':
      return (await import('./commands/profile.ts')).profile(rest);
    case 'mock-server':
      return (await import('./commands/mock-server.ts')).mockServer(rest);
    case 'recover':
      return (await import('./commands/recover.ts')).recover(rest);
    case 'report':
      return (await import('./commands/report.ts')).report(rest);
    default: {
      const { nearestName } = await import('@aiperf/nearest-name');
      const nearest = nearestName(command, ['profile', 'mock-server', 'recover', 'report', '--help', '--version']);
      const hint = nearest === undefined ? 'see aiperf --help' : `did you mean ${nearest}?`;
      process.stderr.write(`aiperf: unknown command '${command}'; ${hint}\n`);
      return EXIT_USAGE;
    }
  }
}
