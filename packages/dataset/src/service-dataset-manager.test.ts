import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTestContext } from '@aiperf/comms/testing';
import { parseProfileArguments } from '@aiperf/config';
import type { RunPlan, UserConfig } from '@aiperf/config';
import { describe, expect, test } from 'vitest';
import type { RenderBody } from './conversation.ts';
import type { DatasetMessages } from './messages.ts';
import { createDatasetManager } from './service.ts';
import { openDatasetStore } from './store-reader.ts';
import { BUILTIN_WORDS } from './synthetic/builtin-words.ts';
import { temporaryDirectory } from './temporary-directory.test.support.ts';
import { writeTokenizer } from './tokenizer-fixture.test.support.ts';

const utf8 = new TextEncoder();

const createRenderBody =
  (config: UserConfig): RenderBody =>
  (turn) =>
    utf8.encode(JSON.stringify({ content: turn.text, model: turn.model, stream: config.endpoint.streaming }));

function parseConfig(argv: readonly string[]): UserConfig {
  const result = parseProfileArguments(['-m', 'org/mock', '--streaming', ...argv], { isTty: false });
  if (!result.ok) throw new Error(result.problems.map(({ message }) => message).join('\n'));
  return result.config;
}

interface Run extends AsyncDisposable {
  readonly plan: RunPlan;
  readonly announced: readonly DatasetMessages['dataset_configured_notification'][];
  readonly test: ReturnType<typeof createTestContext<DatasetMessages>>;
  readonly manager: ReturnType<ReturnType<typeof createDatasetManager>>;
}

async function createRun(argv: readonly string[]): Promise<Run> {
  const { path, [Symbol.asyncDispose]: remove } = await temporaryDirectory();
  const plan: RunPlan = {
    benchmarkId: '0123456789ab',
    config: parseConfig(argv),
    clockOrigin: { monotonicNs: '0', epochNs: '0' },
    runDirectory: join(path, 'run'),
    privateDirectory: join(path, 'private'),
    workerIds: [],
    recordProcessorIds: [],
    commandLine: '',
  };
  await mkdir(plan.privateDirectory);
  const context = createTestContext<DatasetMessages>({ serviceId: 'dataset_manager' });
  const announced: DatasetMessages['dataset_configured_notification'][] = [];
  context.context.bus
    .messages$('dataset_configured_notification')
    .subscribe(({ store_directory, conversation_count }) => {
      announced.push({ store_directory, conversation_count });
    });
  const manager = createDatasetManager(createRenderBody)(context.context);
  return {
    plan,
    announced,
    test: context,
    manager,
    async [Symbol.asyncDispose]() {
      context.stop();
      await remove();
    },
  };
}

describe('the dataset manager', () => {
  test('announces a store of rendered bodies, and has written inputs.json when it stops', async () => {
    await using run = await createRun(['--random-seed', '3', '--num-dataset-entries', '7', '--isl', '5', '--osl', '9']);
    const { plan, manager } = run;
    await mkdir(plan.runDirectory);
    await manager.configure(plan);
    const directory = join(plan.privateDirectory, 'dataset');
    await expect.poll(() => run.announced).toEqual([{ store_directory: directory, conversation_count: 7 }]);

    await manager.start();
    await manager.cancel();
    await manager.stop();
    using store = openDatasetStore(directory);
    const inputs = JSON.parse(await readFile(join(plan.runDirectory, 'inputs.json'), 'utf8'));
    expect(store.conversationCount).toBe(7);
    for (let index = 0; index < 7; index += 1) {
      const turn = store.turn(index, 0);
      const body = JSON.parse(new TextDecoder().decode(turn.body));
      expect(turn).toMatchObject({ inputTokens: 5, maxOutputTokens: 9 });
      expect(body).toMatchObject({ model: 'org/mock', stream: true });
      expect(body.content.split(' ')).toHaveLength(5);
      expect(inputs.data[index]).toEqual({ session_id: `session_00000${index}`, payloads: [body] });
    }
    expect(run.test.failures).toEqual([]);
  });

  test('says that tokens are counted with the builtin tokenizer when the model has none here', async () => {
    await using run = await createRun(['--num-dataset-entries', '1']);
    await run.manager.configure(run.plan);
    expect(run.test.logLines.filter(({ level }) => level === 'warning').map(({ message }) => message)).toEqual([
      expect.stringContaining('"org/mock"'),
    ]);
  });

  test('makes prompts for the tokenizer that is named', async () => {
    await using folder = await temporaryDirectory();
    await writeTokenizer(folder.path, BUILTIN_WORDS.slice(0, 300));
    await using run = await createRun(['--num-dataset-entries', '4', '--isl', '30', '--tokenizer', folder.path]);
    await run.manager.configure(run.plan);
    using store = openDatasetStore(join(run.plan.privateDirectory, 'dataset'));
    const known = new Set(BUILTIN_WORDS.slice(0, 300));
    const body = JSON.parse(new TextDecoder().decode(store.turn(3, 0).body));
    expect(body.content.split(' ').filter((word: string) => !known.has(word))).toEqual([]);
    expect(run.test.logLines.filter(({ level }) => level !== 'debug')).toEqual([]);
  });

  test('plays the conversations of an input file, all turns of which are in inputs.json', async () => {
    await using folder = await temporaryDirectory();
    const path = join(folder.path, 'trace.jsonl');
    const lines = [
      { session_id: 's', timestamp: 10, input_length: 600, output_length: 7, hash_ids: [1, 2] },
      { session_id: 's', delay: 20, text_input: 'And then what?' },
      { timestamp: 30, messages: [{ role: 'user', content: 'Hello there' }] },
    ];
    await writeFile(path, lines.map((line) => JSON.stringify(line)).join('\n'));
    await using run = await createRun([
      '--input-file',
      path,

      '--tokenizer',
      'builtin',
      '--random-seed',
      '1',
    ]);
    await mkdir(run.plan.runDirectory);
    await run.manager.configure(run.plan);
    await expect.poll(() => run.announced.map(({ conversation_count }) => conversation_count)).toEqual([2]);
    await run.manager.start();
    await run.manager.stop();
    using store = openDatasetStore(join(run.plan.privateDirectory, 'dataset'));
    expect([store.turnTiming(0, 0), store.turnTiming(0, 1), store.turnTiming(1, 0)]).toEqual([
      { delayNs: Number.NaN, timestampNs: 10_000_000 },
      { delayNs: 20_000_000, timestampNs: Number.NaN },
      { delayNs: Number.NaN, timestampNs: 30_000_000 },
    ]);
    expect(store.turn(0, 0)).toMatchObject({ inputTokens: 600, maxOutputTokens: 7 });
    expect(store.turn(0, 1)).toMatchObject({ inputTokens: 4 });
    expect(store.turn(0, 1)).not.toHaveProperty('isWholeHistory');
    expect(store.turn(1, 0)).toMatchObject({ inputTokens: 2, isWholeHistory: true });
    const inputs = JSON.parse(await readFile(join(run.plan.runDirectory, 'inputs.json'), 'utf8'));
    expect(inputs.data).toEqual([
      {
        session_id: 's',
        payloads: [
          { content: expect.stringMatching(/^(\w+ ){599}\w+$/), model: 'org/mock', stream: true },
          { content: 'And then what?', model: 'org/mock', stream: true },
        ],
      },
      { session_id: 'session_000000', payloads: [{ content: '', model: 'org/mock', stream: true }] },
    ]);
  });

  test('a bad input file fails the configuration', async () => {
    await using folder = await temporaryDirectory();
    const path = join(folder.path, 'trace.jsonl');
    await writeFile(path, '{"input_length": -1}\n');
    await using run = await createRun(['--input-file', path, '--tokenizer', 'builtin']);
    await expect(run.manager.configure(run.plan)).rejects.toThrow(`${path}:1: input_length`);
  });

  test('a tokenizer that is not there fails the configuration', async () => {
    await using run = await createRun(['--tokenizer', 'org/absent']);
    await expect(run.manager.configure(run.plan)).rejects.toThrow(/org\/absent.*tried/);
    expect(run.announced).toEqual([]);
  });

  test('an inputs.json that cannot be written is logged, and reported by the stop command', async () => {
    await using run = await createRun(['--num-dataset-entries', '2', '--isl', '5']);
    await run.manager.configure(run.plan);
    await run.manager.start();
    await expect(run.manager.stop()).rejects.toThrow('inputs.json');
    expect(run.test.logLines.filter(({ level }) => level === 'error')).toHaveLength(1);
  });

  test('stops without a configuration', async () => {
    await using run = await createRun([]);
    await run.manager.start();
    await expect(run.manager.stop()).resolves.toBeUndefined();
  });

  test('gives up a long generation when it must end', async () => {
    await using run = await createRun(['--num-dataset-entries', '100000', '--isl', '550']);
    const configured = run.manager.configure(run.plan);
    run.test.stop();
    await expect(configured).rejects.toThrow(/abort/i);
    expect(() => openDatasetStore(join(run.plan.privateDirectory, 'dataset'))).toThrow('conversations.index');
  });
});
