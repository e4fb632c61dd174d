import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loopBody } from '../loops/loop-options.ts';
import { runBareLoop } from '../processes/bare-loop.ts';
import { runToSuccess } from '../processes/measured-run.ts';
import { type MockServerProcess, startMockServer } from '../processes/mock-server.ts';
import { temporaryDirectory } from '../processes/temporary-directory.ts';
import { median } from '../median.ts';
import type { Measurement, Program } from '../program.ts';

const STREAMS = 64;
const DEADLINE_SEC = 60;
const LOOP_REQUESTS = { 1: 150_000, 128: 6400 } as const;
const OUTPUT_TOKENS = [1, 128] as const;

/** What the mock server can answer when nobody looks at the answers: the ceiling of every other number here. */
export const server: Program = {
  name: 'server',
  summary: 'the mock server alone, under a raw load generator',
  run: async ({ isQuick, say }) => {
    const rounds = isQuick ? 1 : 3;
    const durationSec = isQuick ? 2 : 4;
    const isWrkAtHand = await promisify(execFile)('wrk', ['--version']).then(
      () => true,
      // wrk exits with 1 even when it only prints its version.
      (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
    );
    await using mock = await startMockServer();
    const measurements: Measurement[] = [];
    const details: object[] = [];
    for (const outputTokens of OUTPUT_TOKENS) {
      const rates: number[] = [];
      const cpuMs: number[] = [];
      for (let round = 1; round <= rounds; round += 1) {
        const cpuBefore = await mock.cpuSec();
        const { requestCount, requestsPerSec } = isWrkAtHand
          ? await runWrk(mock, outputTokens, durationSec)
          : await runBareLoop({
              loop: 'direct',
              url: mock.url,
              streams: STREAMS,
              requestCount: LOOP_REQUESTS[outputTokens],
              outputTokens,
            });
        rates.push(requestsPerSec);
        cpuMs.push((((await mock.cpuSec()) - cpuBefore) * 1000) / requestCount);
      }
      const row = { program: 'server' };
      const load = `${isWrkAtHand ? 'wrk' : 'direct loop'}, ${outputTokens} output token${outputTokens > 1 ? 's' : ''}`;
      measurements.push(
        { ...row, measure: load, value: median(rates), unit: 'req/s' },
        { ...row, measure: `its events`, value: median(rates) * outputTokens, unit: 'events/s' },
        { ...row, measure: `server's CPU`, value: median(cpuMs), unit: 'ms/req' },
      );
      details.push({ outputTokens, rates, cpuMs });
      say(`${load}: ${median(rates).toFixed(0)} req/s`);
    }
    return {
      measurements,
      details,
      notes: isWrkAtHand ? [] : ['server: no wrk at hand, the bare direct loop was used'],
    };
  },
};

async function runWrk(
  { url }: MockServerProcess,
  outputTokens: number,
  durationSec: number,
): Promise<{ requestCount: number; requestsPerSec: number }> {
  await using directory = await temporaryDirectory();
  const script = join(directory.path, 'post.lua');
  const body = JSON.stringify(loopBody(outputTokens));
  await writeFile(
    script,
    `wrk.method = 'POST'\nwrk.headers['Content-Type'] = 'application/json'\nwrk.body = ${body}\n`,
  );
  const target = `${url}/v1/chat/completions`;
  const { stdout } = await runToSuccess({
    command: ['wrk', '-t1', `-c${STREAMS}`, `-d${durationSec}s`, '-s', script, target],
    deadlineSec: DEADLINE_SEC,
  });
  const requestCount = Number(/(\d+) requests in/u.exec(stdout)?.[1]);
  const requestsPerSec = Number(/Requests\/sec:\s+([\d.]+)/u.exec(stdout)?.[1]);
  if (!(requestCount > 0) || stdout.includes('Non-2xx')) throw new Error(`unexpected output of wrk:\n${stdout}`);
  return { requestCount, requestsPerSec };
}
