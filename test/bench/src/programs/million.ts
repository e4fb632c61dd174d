import { join } from 'node:path';
import { countArrowRows } from '../arrow-rows.ts';
import { MemorySampler, peakOf, sampleAt } from '../processes/memory-sampler.ts';
import { startMockServer } from '../processes/mock-server.ts';
import { runPipeline } from '../processes/pipeline.ts';
import type { Measurement, Program } from '../program.ts';

const FULL_REQUESTS = 1_000_000;
const QUICK_REQUESTS = 200_000;
const STREAMS = 64;
const DEADLINE_SEC = 540;
const SAMPLE_INTERVAL_MS = 250;
const MIB = 1024 * 1024;
const MAX_RSS_MIB = 1024;
/** Flat: what a longer run adds must be small beside what any run needs. */
const MAX_GROWTH_RATIO = 1.15;

/** Memory of the whole tree over a long run, and every row in the record file. */
export const million: Program = {
  name: 'million',
  summary: 'one run of 1,000,000 requests: memory of the tree, all rows in the Arrow file',
  run: async ({ isQuick, say }) => {
    const requestCount = isQuick ? QUICK_REQUESTS : FULL_REQUESTS;
    await using server = await startMockServer();
    let sampler: MemorySampler | undefined;
    let rowCount = Number.NaN;
    const run = await runPipeline({
      url: server.url,
      load: { streams: STREAMS, requestCount, outputTokens: 1 },
      deadlineSec: DEADLINE_SEC,
      onStart: (pid) => {
        const progress = async (): Promise<number> =>
          (await server.metric('vllm:request_success_total')) / requestCount;
        sampler = new MemorySampler({ pid, progress, intervalMs: SAMPLE_INTERVAL_MS });
      },
      inspect: async (directory) => {
        rowCount = await countArrowRows(join(directory, 'profile_export.arrow'));
      },
    });
    const samples = (await sampler?.stop()) ?? [];
    say(`${requestCount} requests in ${run.wallSec.toFixed(1)} s, ${rowCount} rows`);
    const row = { program: 'million' };
    const rssMib = (doneRatio: number): number => (sampleAt(samples, doneRatio)?.rssBytes ?? Number.NaN) / MIB;
    const progressRows = [0.25, 0.5, 0.75, 1].map((doneRatio): Measurement => {
      const measure = `RSS of the tree at ${doneRatio * 100} %`;
      return { program: 'million', measure, value: rssMib(doneRatio), unit: 'MiB', budget: { atMost: MAX_RSS_MIB } };
    });
    return {
      measurements: [
        ...progressRows,
        {
          ...row,
          measure: 'peak RSS, analysis and export included',
          value: peakOf(samples, 'rssBytes') / MIB,
          unit: 'MiB',
          budget: { atMost: MAX_RSS_MIB },
        },
        { ...row, measure: 'peak PSS (shared pages once)', value: peakOf(samples, 'pssBytes') / MIB, unit: 'MiB' },
        {
          ...row,
          measure: 'RSS at 100 % / at 25 %',
          value: rssMib(1) / rssMib(0.25),
          unit: 'ratio',
          budget: { atMost: MAX_GROWTH_RATIO },
        },
        { ...row, measure: 'rows in the Arrow file', value: rowCount, unit: 'rows', budget: { atLeast: requestCount } },
        { ...row, measure: 'load', value: run.durationSec, unit: 's' },
        {
          ...row,
          measure: 'CPU of the whole tree',
          value: (run.cpuSec * 1000) / requestCount,
          unit: 'ms/req',
        },
        { ...row, measure: 'command to exit', value: run.wallSec, unit: 's' },
      ],
      details: { requestCount, samples },
      notes: isQuick ? [`million: ${requestCount.toLocaleString('en-US')} requests only, because of --quick`] : [],
    };
  },
};
