import * as z from 'zod/mini';
import { parseDecimal } from '../units.ts';
import type { GoodputObjective, MetricsConfig } from '../user-config.ts';
import { converted, durationMs, durationSec, type GroupSchema, option, text } from './option.ts';
import { splitPair } from './pairs.ts';

/** The group as it is given: two options say together where the round trip comes from. */
export type MetricsOptions = Omit<MetricsConfig, 'networkLatency'> & {
  readonly networkLatencyAutomatic: boolean;
  readonly networkLatencyMeanMs?: number;
};

const EXPECTED_OBJECTIVE = "tag:value with the metric's tag and a number of at least 0 in its display unit";

const MODULE_PATH = 'path of a module';

function parseObjective(input: unknown): GoodputObjective | undefined {
  const [tag, text] = (typeof input === 'string' ? splitPair(input) : undefined) ?? [];
  const value = text === undefined ? undefined : parseDecimal(text);
  const isTag = tag !== undefined && /^[a-z][a-z0-9_.]*$/iu.test(tag);
  return isTag && value !== undefined && Number.isFinite(value) && value >= 0 ? { tag, value } : undefined;
}

/** `--goodput "a:1 b:2"`, quoted as one word, is two objectives. */
function parseObjectives(input: unknown): readonly GoodputObjective[] | undefined {
  if (typeof input !== 'string') return undefined;
  const objectives = input.trim().split(/\s+/u).map(parseObjective);
  return objectives.every((objective) => objective !== undefined) ? objectives : undefined;
}

/** What is computed beside the usual metrics. */
export const metricsSchema: GroupSchema<MetricsOptions> = z.object({
  goodput: option(
    z._default(
      z.pipe(
        z.array(converted(EXPECTED_OBJECTIVE, parseObjectives)),
        z.transform((lists: (readonly GoodputObjective[])[]): readonly GoodputObjective[] => lists.flat()),
      ),
      [],
    ),
    {
      flags: ['--goodput'],
      summary:
        'Objectives that a good request meets, as tag:value words in display units, such as time_to_first_token:200 inter_token_latency:30.',
      valueName: 'tag:value',
      defaultText: 'none',
      takesManyWords: true,
    },
  ),
  modules: option(z._default(z.array(text(MODULE_PATH), MODULE_PATH), []), {
    flags: ['--metrics-module'],
    summary: 'JavaScript or TypeScript module that exports metrics of your own; may be given repeatedly.',
    valueName: 'path',
    defaultText: 'none',
  }),
  networkLatencyAutomatic: option(z._default(z.boolean('no value, or true or false'), false), {
    flags: ['--network-latency-automatic'],
    summary: 'Measure the round trip to the server during the run and add network-adjusted latency metrics.',
  }),
  networkLatencyMeanMs: option(z.exactOptional(durationMs()), {
    flags: ['--network-latency-mean'],
    summary: 'Round trip to the server that network-adjusted latency metrics take off, instead of a measured one.',
    valueName: 'milliseconds',
    defaultText: 'none',
  }),
  networkPingIntervalSec: option(z._default(durationSec({ allowsZero: false, allowsInfinity: false }), 1), {
    flags: ['--network-latency-ping-interval'],
    summary: 'Time between two measurements of the round trip. Only with --network-latency-automatic.',
    valueName: 'seconds',
    needs: 'metrics.networkLatencyAutomatic',
  }),
});
