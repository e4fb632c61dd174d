import { runBareLoop } from '../processes/bare-loop.ts';
import { startMockServer } from '../processes/mock-server.ts';
import { runPipeline } from '../processes/pipeline.ts';
import { median, medianRatio } from '../median.ts';
import type { Program } from '../program.ts';

const STREAMS = 64;
const OUTPUT_TOKENS = 128;
const DEADLINE_SEC = 300;
const MIN_RATIO_TO_DIRECT = 0.7;
const FULL = { rounds: 5, requests: 12_800 };
const QUICK = { rounds: 3, requests: 6400 };

interface Round {
  readonly directEventsPerSec: number;
  readonly undiciEventsPerSec: number;
  readonly pipelineTokensPerSec: number;
  readonly pipelineTokensPerWallSec: number;
  readonly cpuUsPerToken: number;
  readonly meanOutputTokens: number;
}

/** Tokens per second that the pipeline reads, parses and counts, against a loop that only waits for the end of each answer. */
export const tokens: Program = {
  name: 'tokens',
  summary: `tokens/s, ${STREAMS} streams, ${OUTPUT_TOKENS} output tokens, all counted`,
  run: async ({ isQuick, say }) => {
    const { rounds: roundCount, requests } = isQuick ? QUICK : FULL;
    await using server = await startMockServer();
    const { url } = server;
    const load = { streams: STREAMS, requestCount: requests, outputTokens: OUTPUT_TOKENS };
    const rounds: Round[] = [];
    for (let index = 1; index <= roundCount; index += 1) {
      const direct = await runBareLoop({ loop: 'direct', url, ...load });
      const pipeline = await runPipeline({ url, load, deadlineSec: DEADLINE_SEC });
      const undici = await runBareLoop({ loop: 'undici', url, ...load });
      const tokenCount = pipeline.requestCount * pipeline.meanOutputTokens;
      const round: Round = {
        directEventsPerSec: direct.requestsPerSec * OUTPUT_TOKENS,
        undiciEventsPerSec: undici.requestsPerSec * OUTPUT_TOKENS,
        pipelineTokensPerSec: pipeline.tokensPerSec,
        pipelineTokensPerWallSec: tokenCount / pipeline.wallSec,
        cpuUsPerToken: (pipeline.cpuSec * 1e6) / tokenCount,
        meanOutputTokens: pipeline.meanOutputTokens,
      };
      rounds.push(round);
      const rates = [round.directEventsPerSec, round.undiciEventsPerSec, round.pipelineTokensPerSec];
      say(
        `round ${index}/${roundCount}: direct, undici, pipeline at ${rates.map((rate) => rate.toFixed(0)).join(', ')} tokens/s`,
      );
    }
    const column = (key: keyof Round): readonly number[] => rounds.map((round) => round[key]);
    const row = { program: 'tokens' };
    const pipelineRates = column('pipelineTokensPerSec');
    return {
      measurements: [
        { ...row, measure: 'bare direct loop', value: median(column('directEventsPerSec')), unit: 'events/s' },
        { ...row, measure: 'bare undici loop', value: median(column('undiciEventsPerSec')), unit: 'events/s' },
        { ...row, measure: 'pipeline, load', value: median(pipelineRates), unit: 'tokens/s' },
        {
          ...row,
          measure: 'pipeline, command to exit',
          value: median(column('pipelineTokensPerWallSec')),
          unit: 'tokens/s',
        },
        {
          ...row,
          measure: 'pipeline / direct, load',
          value: medianRatio(pipelineRates, column('directEventsPerSec')),
          unit: 'ratio',
          budget: { atLeast: MIN_RATIO_TO_DIRECT },
        },
        {
          ...row,
          measure: 'pipeline, CPU of the whole tree',
          value: median(column('cpuUsPerToken')),
          unit: 'us/token',
        },
        {
          ...row,
          measure: 'tokens counted in an answer',
          value: median(column('meanOutputTokens')),
          unit: 'tokens',
          budget: { atLeast: OUTPUT_TOKENS },
        },
      ],
      details: rounds,
      notes: [],
    };
  },
};
