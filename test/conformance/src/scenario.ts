/** One server and one load that both tools get. */
export interface Scenario {
  readonly name: string;
  /** Options of `aiperf mock-server`. */
  readonly server: readonly string[];
  /** Options of `profile`, the same words for both tools. */
  readonly load: readonly string[];
  /** What the server answers in one piece has no first token. */
  readonly streaming: boolean;
  /** Requests are sent at this rate, whatever the server does. */
  readonly requestRatePerSec?: number;
  /** A recorder stands between tool and server: the requests themselves are compared, and times are not. */
  readonly recordsRequests?: true;
  /** Tokens of each prompt; the server counts words, which are tokens here. */
  readonly inputTokens: number;
}

const INPUT_TOKENS = 40;
const PROMPTS = ['--isl', String(INPUT_TOKENS), '--osl', '12', '--random-seed', '5'];
const REQUEST_RATE_PER_SEC = 25;
const PACE = ['--ttft-ms', '30', '--itl-ms', '4'];

function scenario(
  name: string,
  server: readonly string[],
  load: readonly string[],
  more: Partial<Scenario> = {},
): Scenario {
  return {
    name,
    server,
    load: [...PROMPTS, ...load],
    streaming: load.includes('--streaming'),
    inputTokens: INPUT_TOKENS,
    ...more,
  };
}

/** Small loads: the shape of the files does not depend on how much there is in them. */
export const SCENARIOS: readonly Scenario[] = [
  scenario('chat', PACE, ['--streaming', '--concurrency', '3', '--request-count', '30']),
  scenario('whole', PACE, ['--concurrency', '3', '--request-count', '24']),
  scenario(
    'rate',
    PACE,
    `--streaming --request-rate ${REQUEST_RATE_PER_SEC} --arrival-pattern constant --request-count 40`.split(' '),
    { requestRatePerSec: REQUEST_RATE_PER_SEC },
  ),
  scenario('warmup', PACE, [
    '--streaming',
    '--concurrency',
    '3',
    '--request-count',
    '18',
    '--warmup-request-count',
    '5',
  ]),
  scenario(
    'errors',
    [...PACE, '--error-rate', '0.15', '--cut-rate', '0.15', '--seed', '3'],
    ['--streaming', '--concurrency', '3', '--request-count', '40'],
  ),
  scenario('server-counts', PACE, [
    '--streaming',
    '--use-server-token-count',
    '--concurrency',
    '2',
    '--request-count',
    '16',
  ]),
  scenario(
    'request-fields',
    PACE,
    (
      '--streaming --concurrency 2 --request-count 8 --api-key sk-not-a-secret --extra-inputs temperature:0.5 --extra-inputs top_k:7 ' +
      '--extra-inputs ignore_eos:true --extra-inputs label:blue --header X-Team:blue --header X-Build:b7'
    ).split(' '),
    { recordsRequests: true },
  ),
];
