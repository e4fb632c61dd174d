import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTokenizer } from '@aiperf/dataset';
import { runProgram, withMockServer } from '../processes.ts';
import { ROOT_PATH } from '../paths.ts';
import { Checks } from '../checks.ts';
import type { ScenarioResult } from '../compare-tools.ts';
import { compareView, type Covered } from './compare-metrics.ts';
import { reportCoverage } from './coverage.ts';
import { computeOurs } from './our-metrics.ts';
import { Random } from './random.ts';
import { recordRequests, type RecordedExchange, type RecordingPart } from './record-requests.ts';
import { classify, ROW_CLASSES } from './recording.ts';
import { computeTheirs, type ReferenceView } from './reference.ts';
import { scriptRequest, type ScriptedRequest } from './request-script.ts';
import { startScriptedServer } from './scripted-server.ts';
import { metricsViews } from './views.ts';

const SEED = 20;

/**
 * Prompts far longer than all others, of which one answer ends with tokens and end in one read: the moment of most tokens in flight is then
 * that end in every recording.
 */
const LONG_REQUESTS: readonly ScriptedRequest[] = [0, 1].map(() => {
  const text = 'the '.repeat(20_000).trim();
  const body = { model: 'mock', messages: [{ role: 'user', content: text }], max_tokens: 24, stream: true };
  return {
    body: JSON.stringify({ ...body, stream_options: { include_usage: true } }),
    isStream: true,
    userTexts: [text],
    replies: [],
    maxTokens: 24,
    audioSec: undefined,
    cancelAfterMs: undefined,
  };
});

type Count = (texts: readonly string[]) => readonly number[];

/**
 * Records requests once through our client and computes every metric of AIPerf 0.13 from what it stamped: with AIPerf's code and with ours.
 * One result a view.
 */
export async function compareMetrics(python: string, directory: string): Promise<ReadonlyMap<string, ScenarioResult>> {
  await mkdir(directory, { recursive: true });
  const tokenizerFolder = await trainTokenizer(python, directory);
  const { tokenizer } = await loadTokenizer(tokenizerFolder, ['mock']);
  const rows = classify(await record((texts) => tokenizer.countAll(texts)));
  const classes = ROW_CLASSES.map((name) => `${rows.filter(({ rowClass }) => rowClass === name).length} ${name}`);
  console.log(`  ${rows.length} requests recorded: ${classes.join(', ')}`);
  const schedulePath = join(directory, 'schedule.jsonl');
  await writeFile(schedulePath, '{"timestamp": 0, "text_input": "a", "output_length": 3}\n');
  const views = metricsViews(tokenizerFolder, schedulePath);
  const theirs = await computeTheirs(python, views, rows, directory);
  const results = new Map<string, ScenarioResult>();
  const covered: Covered = new Map();
  for (const view of views) {
    const checks = new Checks();
    const reference = theirs.get(view.name);
    if (reference === undefined) throw new Error(`the reference says nothing of ${view.name}`);
    compareView(checks, covered, view, rows, reference, await computeOurs(view, rows, tokenizer, directory));
    if (view === views.at(-1)) reportCoverage(checks, covered, reference, summaryTagsOf(theirs.values()));
    results.set(view.name, { checks, timeErrors: [] });
  }
  return results;
}

/** A tokenizer that does not cut at words, so that it matters how the pieces of a text are put together. */
async function trainTokenizer(python: string, directory: string): Promise<string> {
  const folder = join(directory, 'tokenizer');
  const { exitCode, output } = await runProgram(
    python,
    [`${ROOT_PATH}test/bench/python/train_tokenizer.py`, folder],
    directory,
  );
  if (exitCode !== 0) throw new Error(`the tokenizer was not made:\n${output}`);
  return folder;
}

function summaryTagsOf(views: Iterable<ReferenceView>): ReadonlySet<string> {
  return new Set([...views].flatMap(({ summary }) => Object.keys(summary)));
}

async function record(count: Count): Promise<RecordedExchange[]> {
  const random = new Random(SEED);
  const requests = (length: number, isStream: boolean, isPlain: boolean): ScriptedRequest[] =>
    Array.from({ length }, () => scriptRequest(random, isStream, isPlain));
  await using scripted = await startScriptedServer();
  const pace =
    '--ttft-ms 5 --itl-ms 1 --jitter 0.3 --error-rate 0.03 --cut-rate 0.03 --in-band-error-rate 0.02 --seed 1'.split(
      ' ',
    );
  const bursts = '--ttft-ms 4 --itl-ms 0.5 --tokens-per-chunk 4 --error-rate 0.02 --error-status 503 --seed 2'.split(
    ' ',
  );
  // Awaited, because the scripted server is closed when this function is left.
  return await withMockServer(pace, (pacedUrl) =>
    withMockServer(bursts, (burstUrl) => {
      const parts: RecordingPart[] = [
        { url: pacedUrl, requests: requests(700, true, true), answerSeed: 0 },
        { url: burstUrl, requests: [...LONG_REQUESTS, ...requests(300, true, true)], answerSeed: 0 },
        { url: burstUrl, requests: requests(200, false, true), answerSeed: 0 },
        { url: scripted.url, requests: requests(1200, true, false), answerSeed: 1000 },
        { url: scripted.url, requests: requests(500, false, false), answerSeed: 5000 },
        // Nobody listens there.
        { url: 'http://127.0.0.1:1', requests: requests(8, true, true), answerSeed: 0 },
      ];
      return recordRequests(parts, count);
    }),
  );
}
