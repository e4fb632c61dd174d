import { MemorySampler, peakOf } from '../processes/memory-sampler.ts';
import { startMockServer } from '../processes/mock-server.ts';
import { runPipeline } from '../processes/pipeline.ts';
import type { Program } from '../program.ts';

const STREAMS = 15_000;
/** Longer than it takes to send all requests, so that every stream is open before the first one ends. */
const TTFT_MS = 8000;
const ITL_MS = 1000;
const OUTPUT_TOKENS = 3;
const DEADLINE_SEC = 240;
const SAMPLE_INTERVAL_MS = 200;
const MIB = 1024 * 1024;

/** As many streams at once as one loopback address has ports for, with room to spare. */
export const streams: Program = {
  name: 'streams',
  summary: `${STREAMS.toLocaleString('en-US')} streams open at once, without an error on the client's side`,
  run: async ({ say }) => {
    await using server = await startMockServer(['--ttft-ms', String(TTFT_MS), '--itl-ms', String(ITL_MS)]);
    let sampler: MemorySampler | undefined;
    let peakRunning = 0;
    const progress = async (): Promise<number> => {
      const running = await server.metric('vllm:num_requests_running');
      peakRunning = Math.max(peakRunning, running);
      return running / STREAMS;
    };
    const run = await runPipeline({
      url: server.url,
      load: { streams: STREAMS, requestCount: STREAMS, outputTokens: OUTPUT_TOKENS },
      deadlineSec: DEADLINE_SEC,
      onStart: (pid) => {
        sampler = new MemorySampler({ pid, progress, intervalMs: SAMPLE_INTERVAL_MS });
      },
    });
    const samples = (await sampler?.stop()) ?? [];
    say(`${peakRunning} streams open at once, ${run.errorCount} errors, ${run.wallSec.toFixed(1)} s`);
    const row = { program: 'streams' };
    return {
      measurements: [
        {
          ...row,
          measure: 'open at once, as the server counts',
          value: peakRunning,
          unit: 'streams',
          budget: { atLeast: STREAMS },
        },
        { ...row, measure: 'finished well', value: run.requestCount, unit: 'requests', budget: { atLeast: STREAMS } },
        { ...row, measure: 'failed', value: run.errorCount, unit: 'requests', budget: { atMost: 0 } },
        { ...row, measure: 'peak RSS, sum over the tree', value: peakOf(samples, 'rssBytes') / MIB, unit: 'MiB' },
        { ...row, measure: 'peak PSS, sum over the tree', value: peakOf(samples, 'pssBytes') / MIB, unit: 'MiB' },
        { ...row, measure: 'command to exit', value: run.wallSec, unit: 's' },
      ],
      details: { samples },
      notes: [],
    };
  },
};
