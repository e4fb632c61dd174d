import { type LoopRun, runBareLoop } from '../processes/bare-loop.ts';
import { type AiperfPython, findAiperfPython } from '../processes/aiperf-python.ts';
import { startMockServer } from '../processes/mock-server.ts';
import { type Load, type ProfileRun, runPipeline } from '../processes/pipeline.ts';
import { temporaryDirectory } from '../processes/temporary-directory.ts';
import { median, medianRatio } from '../median.ts';
import type { Measurement, Program, ProgramContext, ProgramResult } from '../program.ts';

const STREAMS = 64;
const OUTPUT_TOKENS = 1;
const DEADLINE_SEC = 300;
const MIN_RATIO_TO_DIRECT = 0.5;
const MIN_RATIO_TO_AIPERF = 40;
const MAX_CPU_MS_PER_REQUEST = 0.08;

interface Sizes {
  readonly rounds: number;
  readonly loopRequests: number;
  readonly pipelineRequests: number;
  readonly aiperfRequests: number;
}
const FULL: Sizes = { rounds: 5, loopRequests: 300_000, pipelineRequests: 300_000, aiperfRequests: 4000 };
const QUICK: Sizes = { rounds: 3, loopRequests: 150_000, pipelineRequests: 150_000, aiperfRequests: 1500 };

/** A run beside the mock server, with the share of one core that the server was busy meanwhile. */
type Beside<Run> = Run & { readonly serverCpuSec: number };

interface Round {
  readonly direct: Beside<LoopRun>;
  readonly undici: Beside<LoopRun>;
  readonly pipeline: Beside<ProfileRun>;
  readonly aiperf: Beside<ProfileRun> | undefined;
}

/** Requests per second and CPU per request of the whole pipeline against bare loops and AIPerf in Python. */
export const throughput: Program = {
  name: 'throughput',
  summary: `requests/s and CPU per request, ${STREAMS} streams, ${OUTPUT_TOKENS} output token`,
  run: async (context) => {
    await using directory = await temporaryDirectory();
    const aiperf = await findAiperfPython(directory.path, context.say);
    const rounds = await runRounds(context, aiperf);
    return summarise(rounds);
  },
};

async function runRounds(
  { isQuick, say }: ProgramContext,
  aiperf: AiperfPython | undefined,
): Promise<readonly Round[]> {
  const sizes = isQuick ? QUICK : FULL;
  await using server = await startMockServer();
  const { url } = server;
  const beside = async <Run>(run: () => Promise<Run>): Promise<Beside<Run>> => {
    const before = await server.cpuSec();
    const result = await run();
    return { ...result, serverCpuSec: (await server.cpuSec()) - before };
  };
  const load = (requestCount: number): Load => ({ streams: STREAMS, requestCount, outputTokens: OUTPUT_TOKENS });
  const rounds: Round[] = [];
  for (let round = 1; round <= sizes.rounds; round += 1) {
    const direct = await beside(() => runBareLoop({ loop: 'direct', url, ...load(sizes.loopRequests) }));
    const pipeline = await beside(() =>
      runPipeline({ url, load: load(sizes.pipelineRequests), deadlineSec: DEADLINE_SEC }),
    );
    const undici = await beside(() => runBareLoop({ loop: 'undici', url, ...load(sizes.loopRequests) }));
    const python = aiperf && (await beside(() => aiperf.run(url, load(sizes.aiperfRequests))));
    rounds.push({ direct, undici, pipeline, aiperf: python });
    const rates = [direct, undici, pipeline, python].map((run) => run?.requestsPerSec.toFixed(0) ?? '-');
    say(`round ${round}/${sizes.rounds}: direct, undici, pipeline, AIPerf at ${rates.join(', ')} req/s`);
  }
  return rounds;
}

function summarise(rounds: readonly Round[]): ProgramResult {
  const direct = rounds.map((round) => round.direct);
  const undici = rounds.map((round) => round.undici);
  const pipeline = rounds.map((round) => round.pipeline);
  const aiperf = rounds.flatMap((round) => round.aiperf ?? []);
  const program = throughput.name;
  const row = (measure: string, value: number, unit: string): Measurement => ({ program, measure, value, unit });
  const measurements: Measurement[] = [
    row('bare direct loop', median(direct.map(rate)), 'req/s'),
    row('bare undici loop', median(undici.map(rate)), 'req/s'),
    row('pipeline, load', median(pipeline.map(rate)), 'req/s'),
    row('pipeline, command to exit', median(pipeline.map(wallRate)), 'req/s'),
    {
      ...row('pipeline / direct, load', medianRatio(pipeline.map(rate), direct.map(rate)), 'ratio'),
      budget: { atLeast: MIN_RATIO_TO_DIRECT },
    },
    row('pipeline / direct, command to exit', medianRatio(pipeline.map(wallRate), direct.map(wallRate)), 'ratio'),
    row('pipeline / undici, load', medianRatio(pipeline.map(rate), undici.map(rate)), 'ratio'),
    row('direct loop, CPU', median(direct.map(cpuMsPerRequest)), 'ms/req'),
    row('undici loop, CPU', median(undici.map(cpuMsPerRequest)), 'ms/req'),
    {
      ...row('pipeline, CPU of the whole tree', median(pipeline.map(cpuMsPerRequest)), 'ms/req'),
      budget: { atMost: MAX_CPU_MS_PER_REQUEST },
    },
    row('mock server, CPU under the direct loop', median(direct.map(serverMsPerRequest)), 'ms/req'),
    row('mock server, CPU under the pipeline', median(pipeline.map(serverMsPerRequest)), 'ms/req'),
    row('mock server, busy under the pipeline', median(pipeline.map(serverBusy)), 'of a core'),
  ];
  const notes: string[] = [];
  if (aiperf.length === 0)
    notes.push('AIPerf in Python was not run: no Python at hand, or the package could not be had');
  else {
    measurements.push(
      row('AIPerf 0.13, load', median(aiperf.map(rate)), 'req/s'),
      row('AIPerf 0.13, CPU of the whole tree', median(aiperf.map(cpuMsPerRequest)), 'ms/req'),
      {
        ...row('pipeline / AIPerf, load', medianRatio(pipeline.map(rate), aiperf.map(rate)), 'ratio'),
        budget: { atLeast: MIN_RATIO_TO_AIPERF },
      },
      row('pipeline / AIPerf, command to exit', medianRatio(pipeline.map(wallRate), aiperf.map(wallRate)), 'ratio'),
    );
  }
  return { measurements, details: rounds, notes };
}

const rate = ({ requestsPerSec }: { requestsPerSec: number }): number => requestsPerSec;
const wallRate = ({ requestCount, wallSec }: LoopRun | ProfileRun): number => requestCount / wallSec;
const cpuMsPerRequest = ({ cpuSec, requestCount }: LoopRun | ProfileRun): number => (cpuSec * 1000) / requestCount;
const serverMsPerRequest = ({ serverCpuSec, requestCount }: Beside<LoopRun | ProfileRun>): number =>
  (serverCpuSec * 1000) / requestCount;
const serverBusy = ({ serverCpuSec, durationSec }: Beside<LoopRun | ProfileRun>): number => serverCpuSec / durationSec;
