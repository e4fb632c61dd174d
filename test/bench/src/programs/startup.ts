import { runPipeline } from '../processes/pipeline.ts';
import { startStampingServer } from '../processes/stamping-server.ts';
import { median } from '../median.ts';
import type { Program } from '../program.ts';

const DEADLINE_SEC = 60;
const MAX_FIRST_REQUEST_SEC = 0.7;
const MAX_WHOLE_RUN_SEC = 1.5;
const LOAD = { streams: 1, requestCount: 1, outputTokens: 1 };

interface Round {
  readonly firstRequestSec: number;
  readonly wholeRunSec: number;
  readonly cpuSec: number;
}

/** How long a user waits: for the first request to leave, and for a run of one request in all. */
export const startup: Program = {
  name: 'startup',
  summary: 'command to first request, and a run of one request in all',
  run: async ({ isQuick, say }) => {
    // The first run reads the bundle from the disk and is not one of those that count.
    await measureOnce();
    const rounds: Round[] = [];
    const roundCount = isQuick ? 3 : 5;
    for (let index = 1; index <= roundCount; index += 1) {
      const round = await measureOnce();
      rounds.push(round);
      say(
        `round ${index}/${roundCount}: ${round.firstRequestSec.toFixed(2)} s to the first request, ${round.wholeRunSec.toFixed(2)} s in all`,
      );
    }
    const row = { program: 'startup', unit: 's' };
    return {
      measurements: [
        {
          ...row,
          measure: 'command to first request',
          value: median(rounds.map(({ firstRequestSec }) => firstRequestSec)),
          budget: { atMost: MAX_FIRST_REQUEST_SEC },
        },
        {
          ...row,
          measure: 'run of one request, in all',
          value: median(rounds.map(({ wholeRunSec }) => wholeRunSec)),
          budget: { atMost: MAX_WHOLE_RUN_SEC },
        },
        { ...row, measure: 'its CPU, whole tree', value: median(rounds.map(({ cpuSec }) => cpuSec)) },
      ],
      details: rounds,
      notes: [],
    };
  },
};

async function measureOnce(): Promise<Round> {
  await using server = await startStampingServer();
  const run = await runPipeline({
    url: server.url,
    load: LOAD,
    deadlineSec: DEADLINE_SEC,
  });
  if (server.firstRequestNs === undefined) throw new Error('the command ended without a request');
  return {
    firstRequestSec: Number(server.firstRequestNs - run.startNs) / 1e9,
    wholeRunSec: run.wallSec,
    cpuSec: run.cpuSec,
  };
}
