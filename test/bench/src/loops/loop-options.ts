import { parseArgs } from 'node:util';

/** The load of a bare loop: the same counts that the command is given. */
export interface LoopOptions {
  readonly host: string;
  readonly port: number;
  readonly streams: number;
  readonly requestCount: number;
  readonly outputTokens: number;
}

/** What a bare loop prints, as one JSON line. */
export interface LoopResult {
  readonly requestCount: number;
  /** From the first request to the end of the last response; connections are open before. */
  readonly durationSec: number;
}

/** Words of a prompt, so that a bare loop's body is about as long as the command's with `--isl 64`. */
const PROMPT_WORDS = 64;

/** Reads the arguments of a loop's own process. */
export function readLoopOptions(): LoopOptions {
  const { values } = parseArgs({
    options: {
      url: { type: 'string', default: '' },
      streams: { type: 'string', default: '64' },
      requests: { type: 'string', default: '1000' },
      'output-tokens': { type: 'string', default: '1' },
    },
  });
  const url = new URL(values.url);
  return {
    host: url.hostname,
    port: Number(url.port),
    streams: Number(values.streams),
    requestCount: Number(values.requests),
    outputTokens: Number(values['output-tokens']),
  };
}

/** The one body that a loop sends, with the keys of the command's own. */
export function loopBody(outputTokens: number): string {
  return JSON.stringify({
    messages: [{ role: 'user', content: 'these '.repeat(PROMPT_WORDS).trim() }],
    model: 'mock',
    stream: true,
    max_completion_tokens: outputTokens,
    stream_options: { include_usage: true },
  });
}

/** Ends a loop's process with its result. */
export function printResult(result: LoopResult): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
