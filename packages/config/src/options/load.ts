import * as z from 'zod/mini';
import { LOAD_ROWS, type LoadOptions, type LoadRow } from './load-table.ts';
import { type GroupSchema, option, type OptionMeta } from './option.ts';

type Entry = readonly [key: string, schema: z.core.$ZodType, meta: OptionMeta];

/** One object of options, each of which may be absent. */
function groupOf(entries: readonly Entry[]): GroupSchema<LoadOptions> {
  const shape = entries.map(([key, schema, meta]) => [key, option(z.exactOptional(schema as z.ZodMiniType), meta)]);
  return z.object(Object.fromEntries(shape) as Readonly<Record<string, z.ZodMiniType>>);
}

function metaOf({ flags, summary, valueName = '', defaultText = 'none' }: LoadRow<unknown>): OptionMeta {
  return { flags, summary, valueName, defaultText };
}

/** How much is sent, when, and until when. */
export const loadSchema: GroupSchema<LoadOptions> = groupOf(
  LOAD_ROWS.map(([key, row]): Entry => [key, row.schema, metaOf(row)]),
);

/** Load before the measurement. There is a warm-up when one of its stop conditions is given, so what it has alone is shown first. */
export const warmupSchema: GroupSchema<LoadOptions> = groupOf(
  [false, true].flatMap((isInherited) =>
    LOAD_ROWS.flatMap(([key, row]): Entry[] => {
      if (row.warmup === undefined || (row.inherits !== undefined) !== isInherited) return [];
      const defaultText = isInherited ? row.flags[0] : 'no warm-up';
      return [[key, row.schema, { ...metaOf(row), defaultText, ...row.warmup }]];
    }),
  ),
);
