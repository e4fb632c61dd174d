import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openArrowFile } from '@aiperf/records/file';
import { startLlamaServer } from '@aiperf/tooling-scripts/llama-server';
import { Checks } from './checks.ts';
import type { ScenarioResult } from './compare-tools.ts';
import { runProgram } from './processes.ts';
import { startRecordingProxy, type RecordedRequest } from './recording-proxy.ts';
import { OUR_TOOL } from './run-tool.ts';

const REQUESTS = 8;
/** Some answers meet the stop text and others the limit, so that both finish reasons occur. */
const LOAD: readonly string[] = [
  ...'--isl 40 --osl 16 --random-seed 5 --concurrency 4 --extra-inputs temperature:0'.split(' '),
  ...`--extra-inputs {"stop":["."]} --request-count ${REQUESTS}`.split(' '),
];

/** What the server said at the end of one answer. */
interface ServerWord {
  readonly finishReason: string | undefined;
  readonly promptTokens: number | undefined;
  readonly completionTokens: number | undefined;
}

/**
 * Profiles llama.cpp's server with a real model through a recorder, and holds every request's token counts and finish reason against
 * what the server said in that request's own answer. "Theirs" is the server here.
 */
export async function compareWithRealServer(tokenizer: string, directory: string): Promise<ScenarioResult> {
  const checks = new Checks();
  await using server = await startLlamaServer('smollm2', 4);
  for (const [name, options, serverCounts] of [
    ['streaming', ['--streaming'], false],
    ['streaming, server counts', ['--streaming', '--use-server-token-count'], true],
    ['whole', ['--tokenizer', tokenizer], false],
    ['whole, server counts', ['--use-server-token-count'], true],
  ] as const) {
    await using proxy = await startRecordingProxy(server.url);
    const runDirectory = join(directory, name.replaceAll(/\W+/g, '-'));
    await mkdir(directory, { recursive: true });
    const fixed = ['--model', server.model, '--url', proxy.url, '--artifact-dir', runDirectory, '--ui', 'none'];
    const { exitCode, output } = await runProgram(
      OUR_TOOL.program,
      [...OUR_TOOL.args, ...fixed, ...options, ...LOAD],
      directory,
    );
    if (exitCode !== 0) throw new Error(`${name}: exit code ${String(exitCode)}\n${output}`);
    await compareRun(checks, name, join(runDirectory, 'profile_export.arrow'), proxy.requests, serverCounts);
  }
  return { checks, timeErrors: [] };
}

const COLUMNS = ['x_request_id', 'finish_reason', 'valid', 'output_sequence_length', 'input_sequence_length'];
const USAGE_COLUMNS = ['usage_prompt_tokens', 'usage_completion_tokens'];

async function compareRun(
  checks: Checks,
  name: string,
  arrowPath: string,
  requests: readonly RecordedRequest[],
  serverCounts: boolean,
): Promise<void> {
  const words = new Map(requests.map((request) => [request.requestId, serverWord(request)]));
  checks.same(`${name}/requests`, REQUESTS, words.size);
  await using file = await openArrowFile(arrowPath);
  checks.same(`${name}/rows`, words.size, file.rowCount);
  for await (const batch of file.batches([...COLUMNS, ...USAGE_COLUMNS])) {
    const ids = batch.strings('x_request_id');
    const finishReasons = batch.strings('finish_reason');
    const [valid, osl, isl, prompt, completion] = [...COLUMNS.slice(2), ...USAGE_COLUMNS].map((column) =>
      batch.numbers(column),
    );
    for (let row = 0; row < batch.rowCount; row += 1) {
      const word = words.get(ids[row] ?? '');
      checks.same(`${name}/valid`, 1, valid?.[row]);
      checks.holds(
        `${name}/finish-reason-known`,
        word?.finishReason !== undefined,
        word?.finishReason,
        finishReasons[row],
      );
      checks.same(`${name}/finish-reason`, word?.finishReason, finishReasons[row]);
      checks.same(`${name}/usage-prompt-tokens`, word?.promptTokens, prompt?.[row]);
      checks.same(`${name}/usage-completion-tokens`, word?.completionTokens, completion?.[row]);
      if (!serverCounts) continue;
      checks.same(`${name}/output-sequence-length`, word?.completionTokens, osl?.[row]);
      checks.same(`${name}/input-sequence-length`, word?.promptTokens, isl?.[row]);
    }
  }
}

interface Answer {
  readonly choices?: readonly { readonly finish_reason?: string | null }[];
  readonly usage?: { readonly prompt_tokens?: number; readonly completion_tokens?: number } | null;
}

/** Read with as little code as possible, so that it can judge the parser of the product. */
function serverWord({ answer }: RecordedRequest): ServerWord {
  const documents = answer.startsWith('data:')
    ? answer.split('\n').flatMap((line) => (line.startsWith('data: {') ? [line.slice('data: '.length)] : []))
    : [answer];
  const answers = documents.map((text) => JSON.parse(text) as Answer);
  const usage = answers.findLast((part) => part.usage)?.usage;
  return {
    finishReason: answers.flatMap(({ choices }) => choices?.[0]?.finish_reason ?? []).at(-1),
    promptTokens: usage?.prompt_tokens,
    completionTokens: usage?.completion_tokens,
  };
}
