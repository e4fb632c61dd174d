import { nearestName } from '@aiperf/nearest-name';
import { MOCK_SERVER_FLAGS, parseMockServerOptions, startMockServer } from '@aiperf/mock-server';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE } from '../exit-codes.ts';

/** `aiperf mock-server`: serves until Ctrl-C or SIGTERM. The first line of standard output is the base URL. */
export async function mockServer(argv: readonly string[]): Promise<number> {
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(renderHelp());
    return EXIT_OK;
  }
  const parsed = parseMockServerOptions(argv);
  if (!parsed.ok) {
    const flags = MOCK_SERVER_FLAGS.map(({ flag }) => `--${flag}`);
    for (const { message, unknownFlag } of parsed.problems) {
      const nearest = unknownFlag === undefined ? undefined : nearestName(unknownFlag, flags);
      process.stderr.write(
        `aiperf mock-server: ${message}${nearest === undefined ? '' : `; did you mean ${nearest}?`}\n`,
      );
    }
    return EXIT_USAGE;
  }
  try {
    const server = await startMockServer(parsed.options);
    process.stdout.write(`${server.url}\n`);
    await new Promise<void>((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    });
    await server.close();
    return EXIT_OK;
  } catch (error) {
    const { host, port } = parsed.options;
    process.stderr.write(`aiperf mock-server: cannot listen on ${host}:${port}: ${(error as Error).message}\n`);
    return EXIT_FAILED;
  }
}

function renderHelp(): string {
  const lines = MOCK_SERVER_FLAGS.map(({ flag, help }) => `  --${flag.padEnd(20)} ${help}`);
  return `Usage: aiperf mock-server [OPTIONS]\n\nAn OpenAI-style chat server on which everything can be set.\n\nOptions:\n${lines.join('\n')}\n`;
}
