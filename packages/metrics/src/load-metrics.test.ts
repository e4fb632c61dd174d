import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MetricsConfig, UserConfig } from '@aiperf/config';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { foreignDefinitions, loadMetricSet } from './load-metrics.ts';
import { definitionsOf } from './registry.ts';
import { runPlan } from './service.test.support.ts';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'aiperf-metrics-'));
});
afterAll(() => rm(directory, { recursive: true }));

function configWith(metrics: Partial<MetricsConfig>, endpoint: Partial<UserConfig['endpoint']> = {}): UserConfig {
  const { config } = runPlan('/nowhere');
  return { ...config, endpoint: { ...config.endpoint, ...endpoint }, metrics: { ...config.metrics, ...metrics } };
}

async function moduleOf(name: string, source: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, source);
  return path;
}

const WORDS = `{
  tag: 'finish_margin', header: 'Finish Margin', unit: 'ns', displayUnit: 'ms', kind: 'record', valueType: 'int',
  flags: ['larger_is_better'], consoleGroup: 'default', displayOrder: 405, formula: 'response end - last content',
  requires: ['request_latency'],
  compute: (record, values) => record.endNs - record.startNs - values.get('request_latency'),
}`;

describe('loadMetricSet', () => {
  test.for([
    ['a list named metrics', `export const metrics = [${WORDS}];`],
    ['a default', `export default ${WORDS};`],
    ['TypeScript', `const metric: object = ${WORDS}; export default [metric];`],
  ] as const)('takes %s from a module, beside its own', async ([name, source]) => {
    const path = await moduleOf(`${name.replaceAll(' ', '-')}.${name === 'TypeScript' ? 'mts' : 'mjs'}`, source);
    const metrics = await loadMetricSet(configWith({ modules: [path], goodput: [{ tag: 'finish_margin', value: 1 }] }));
    expect(metrics.record.map(({ tag }) => tag)).toEqual(expect.arrayContaining(['request_latency', 'finish_margin']));
    const foreign = foreignDefinitions(metrics);
    expect(foreign).toEqual([
      {
        tag: 'finish_margin',
        header: 'Finish Margin',
        unit: 'ns',
        displayUnit: 'ms',
        kind: 'record',
        flags: ['larger_is_better'],
        consoleGroup: 'default',
        displayOrder: 405,
        formula: 'response end - last content',
        requires: ['request_latency'],
      },
    ]);
    // They travel in messages and in the record file.
    expect(JSON.parse(JSON.stringify(foreign))).toEqual(foreign);
    expect(definitionsOf({ foreignDefinitions: foreign }).at(-1)).toEqual(foreign[0]);
  });

  test('has nothing foreign without a module', async () => {
    expect(foreignDefinitions(await loadMetricSet(configWith({})))).toEqual([]);
  });

  test.for<[string, string, RegExp]>([
    ['no-such.mjs', '', /no-such\.mjs: cannot be loaded/u],
    ['syntax.mjs', 'export const metrics = [', /syntax\.mjs: cannot be loaded/u],
    ['empty.mjs', 'export const other = 1;', /exports neither 'metrics' nor a default/u],
    ['number.mjs', 'export default [7];', /metric 1: expected an object/u],
    ['kind.mjs', "export default [{ tag: 'a', kind: 'recrod' }];", /metric 1: 'a' needs a kind: record, record_list/u],
    ['function.mjs', `export default [{ ...${WORDS}, compute: 5 }];`, /'finish_margin' needs 'compute', a function/u],
    ['flags.mjs', `export default [{ ...${WORDS}, flags: 'x' }];`, /'finish_margin' needs 'flags', a list/u],
  ])('refuses %s', async ([name, source, message]) => {
    const path = source === '' ? join(directory, name) : await moduleOf(name, source);
    await expect(loadMetricSet(configWith({ modules: [path] }))).rejects.toThrow(
      expect.objectContaining({ code: 'AIPERF_METRICS_BAD_MODULE', message: expect.stringMatching(message) as string }),
    );
  });

  test('refuses a tag that exists, and one that cannot be the name of a column', async () => {
    const taken = await moduleOf('taken.mjs', `export default { ...${WORDS}, tag: 'request_latency' };`);
    await expect(loadMetricSet(configWith({ modules: [taken] }))).rejects.toThrow(/'request_latency' is used twice/u);
    const bad = await moduleOf('bad.mjs', `export default { ...${WORDS}, tag: 'Finish margin' };`);
    await expect(loadMetricSet(configWith({ modules: [bad] }))).rejects.toThrow(/found 'Finish margin'/u);
  });

  test('names every objective that no request can meet, with the nearest metric', async () => {
    const goodput = ['time_to_frist_token', 'inter_chunk_latency', 'goodput', 'error_isl', 'time_to_first_token'];
    const config = configWith({ goodput: goodput.map((tag) => ({ tag, value: 1 })) }, { streaming: false });
    await expect(loadMetricSet(config)).rejects.toThrow(
      expect.objectContaining({
        code: 'AIPERF_METRICS_BAD_OBJECTIVE',
        message: [
          "--goodput time_to_frist_token: there is no such metric; the nearest is 'time_to_first_token'.",
          '--goodput inter_chunk_latency: it has several values a request; an objective needs one.',
          '--goodput goodput: it is known for the whole run only; an objective needs a value of each request.',
          '--goodput error_isl: it exists for failed requests only, and those are never good.',
          '--goodput time_to_first_token: it exists with --streaming only.',
        ].join('\n'),
      }),
    );
  });

  test("an abbreviation is taken for its metric's name", async () => {
    await expect(loadMetricSet(configWith({ goodput: [{ tag: 'ttft', value: 1 }] }))).rejects.toThrow(
      /the nearest is 'time_to_first_token'/u,
    );
  });

  test('an objective for what this run does not have is refused as well', async () => {
    const config = configWith({ goodput: [{ tag: 'rtfx', value: 1 }] });
    await expect(loadMetricSet(config)).rejects.toThrow(/rtfx: it does not exist in this kind of run/u);
  });
});
