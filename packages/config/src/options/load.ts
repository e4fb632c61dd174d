import * as z from 'zod/mini';
import { LOAD_ROWS, type LoadOptions } from './load-table.ts';
import { type GroupSchema, option, type OptionMeta } from './option.ts';

type Entry = readonly [key: string, schema: z.core.$ZodType, meta: OptionMeta];

/** One object of options, each of which may be absent. */
function groupOf(entries: readonly Entry[]): GroupSchema<LoadOptions> {
  const shape = entries.map(([key, schema, meta]) => [key, option(z.exactOptional(schema as z.ZodMiniType), meta)]);
  return z.object(Object.fromEntries(shape) as Readonly<Record<string, z.ZodMiniType>>);
}

/** How much is sent, when, and until when. */
export const loadSchema: GroupSchema<LoadOptions> = groupOf(
  LOAD_ROWS.map(([key, { schema, option: meta }]): Entry => [key, schema, meta]),
);

/** Load before the measurement. There is a warm-up when one of its stop conditions is given, so what it has alone is shown first. */
export const warmupSchema: GroupSchema<LoadOptions> = groupOf(
  [false, true].flatMap((isInherited) =>
    LOAD_ROWS.flatMap(([key, { schema, option: meta, warmup, inherits }]): Entry[] => {
      if (warmup === undefined || (inherits !== undefined) !== isInherited) return [];
      return [[key, schema, { ...meta, ...(isInherited ? { defaultText: meta.flags[0] } : {}), ...warmup }]];
    }),
  ),
);
