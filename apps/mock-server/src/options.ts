import { parseArgs } from 'node:util';

/** How the mock server behaves. Times are milliseconds, rates are shares of requests (0..1). */
export interface MockServerOptions {
  readonly host: string;
  /** 0: a free port. */
  readonly port: number;
  readonly model: string;
  /** From the complete request to its first token. */
  readonly ttftMs: number;
  /** Between two tokens of one stream. */
  readonly itlMs: number;
  /** Standard deviation of TTFT and of each ITL, as a share of them. */
  readonly jitterRatio: number;
  /** Output length at most; absent: what the request asks for, else 16. */
  readonly outputTokens: number | undefined;
  readonly tokensPerChunk: number;
  /** Requests answered with `errorStatus`. */
  readonly errorRatio: number;
  readonly errorStatus: number;
  /** Streams whose connection is cut after some tokens. */
  readonly cutRatio: number;
  /** Streams that carry an error event after some tokens. */
  readonly inBandErrorRatio: number;
  /** Requests that arrive in this time after the start wait for its end, as behind a model that is still loading. */
  readonly slowStartMs: number;
  /** Requests served at once; the others wait in line. 0: no limit. */
  readonly maxConcurrency: number;
  readonly apiKey: string | undefined;
  readonly seed: number;
  /** File for the server's own stamps, one JSON line a request. */
  readonly sendLog: string | undefined;
}

export const DEFAULT_MOCK_SERVER_OPTIONS: MockServerOptions = {
  host: '127.0.0.1',
  port: 8000,
  model: 'mock',
  ttftMs: 0,
  itlMs: 0,
  jitterRatio: 0,
  outputTokens: undefined,
  tokensPerChunk: 1,
  errorRatio: 0,
  errorStatus: 500,
  cutRatio: 0,
  inBandErrorRatio: 0,
  slowStartMs: 0,
  maxConcurrency: 0,
  apiKey: undefined,
  seed: 0,
  sendLog: undefined,
};

interface OptionSpec {
  readonly flag: string;
  readonly key: keyof MockServerOptions;
  readonly help: string;
  /** Absent: text. */
  readonly range?: readonly [min: number, max: number];
  readonly integer?: boolean;
}

const MAX_MS = 86_400_000;

/** The one table: flags, bounds and help of `aiperf mock-server`. */
export const MOCK_SERVER_FLAGS: readonly OptionSpec[] = [
  { flag: 'host', key: 'host', help: 'address to listen on' },
  { flag: 'port', key: 'port', help: 'port to listen on; 0 takes a free one', range: [0, 65_535], integer: true },
  { flag: 'model', key: 'model', help: 'model name in answers and in /v1/models' },
  { flag: 'ttft-ms', key: 'ttftMs', help: 'time to the first token, ms', range: [0, MAX_MS] },
  { flag: 'itl-ms', key: 'itlMs', help: 'time between tokens, ms', range: [0, MAX_MS] },
  { flag: 'jitter', key: 'jitterRatio', help: 'standard deviation of both, as a share of them', range: [0, 10] },
  {
    flag: 'output-tokens',
    key: 'outputTokens',
    help: 'output length at most; default: as the request asks, else 16',
    range: [0, 1_000_000],
    integer: true,
  },
  {
    flag: 'tokens-per-chunk',
    key: 'tokensPerChunk',
    help: 'tokens in one event',
    range: [1, 1_000_000],
    integer: true,
  },
  { flag: 'error-rate', key: 'errorRatio', help: 'share of requests answered with an error', range: [0, 1] },
  { flag: 'error-status', key: 'errorStatus', help: 'status of those answers', range: [400, 599], integer: true },
  { flag: 'cut-rate', key: 'cutRatio', help: 'share of streams cut in the middle', range: [0, 1] },
  {
    flag: 'in-band-error-rate',
    key: 'inBandErrorRatio',
    help: 'share of streams with an error event inside',
    range: [0, 1],
  },
  {
    flag: 'slow-start-ms',
    key: 'slowStartMs',
    help: 'requests wait this long after the start, ms',
    range: [0, MAX_MS],
  },
  {
    flag: 'max-concurrency',
    key: 'maxConcurrency',
    help: 'requests served at once, the rest queue; 0: no limit',
    range: [0, 1_000_000],
    integer: true,
  },
  { flag: 'api-key', key: 'apiKey', help: 'bearer token asked for; others get 401' },
  { flag: 'seed', key: 'seed', help: 'seed of jitter and faults', range: [0, 4_294_967_295], integer: true },
  { flag: 'send-log', key: 'sendLog', help: 'file for the server’s own send times' },
];

export type ParsedMockServerOptions =
  | { readonly ok: true; readonly options: MockServerOptions }
  | { readonly ok: false; readonly problems: readonly MockServerProblem[] };

export interface MockServerProblem {
  readonly message: string;
  /** The option as typed when no option has that name, so that the caller can offer the nearest. */
  readonly unknownFlag?: string;
}

/** Reads the flags of `aiperf mock-server`; every problem is reported at once. */
export function parseMockServerOptions(argv: readonly string[]): ParsedMockServerOptions {
  const { tokens } = parseArgs({
    args: [...argv],
    options: Object.fromEntries(MOCK_SERVER_FLAGS.map(({ flag }) => [flag, { type: 'string' as const }])),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const problems: MockServerProblem[] = [];
  const values: Record<string, string | number> = {};
  for (const token of tokens) {
    if (token.kind === 'positional') problems.push({ message: `unexpected argument '${token.value}'` });
    if (token.kind !== 'option') continue;
    const spec = MOCK_SERVER_FLAGS.find(({ flag }) => flag === token.name);
    if (spec === undefined) {
      problems.push({ message: `unknown option ${token.rawName}`, unknownFlag: token.rawName });
      continue;
    }
    const value = checkValue(spec, token.value);
    if (typeof value === 'object') problems.push(value);
    else values[spec.key] = value;
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, options: { ...DEFAULT_MOCK_SERVER_OPTIONS, ...values } };
}

function checkValue(spec: OptionSpec, text: string | undefined): string | number | MockServerProblem {
  if (text === undefined || text === '') return { message: `--${spec.flag} needs a value` };
  if (spec.range === undefined) return text;
  const [min, max] = spec.range;
  const value = Number(text);
  const isValid = value >= min && value <= max && (spec.integer !== true || Number.isInteger(value));
  if (isValid) return value;
  const kind = spec.integer === true ? 'an integer' : 'a number';
  return { message: `--${spec.flag}: expected ${kind} from ${min} to ${max}, found '${text}'` };
}
