import { commsSchema } from './comms.ts';
import { conversationSchema } from './conversation.ts';
import { endpointSchema } from './endpoint.ts';
import { fixedScheduleSchema } from './fixed-schedule.ts';
import { inputSchema } from './input.ts';
import { loadSchema } from './load.ts';
import { metricsSchema } from './metrics.ts';
import type { GroupSchema } from './option.ts';
import { outputSchema } from './output.ts';
import { promptSchema } from './prompt.ts';
import { serviceSchema } from './service.ts';
import { tokenizerSchema } from './tokenizer.ts';
import { warmupSchema } from './warmup.ts';

/** Every option group by its place in the configuration, in the order of `--help`. */
export const groupSchemas: {
  readonly endpoint: typeof endpointSchema;
  readonly tokenizer: typeof tokenizerSchema;
  readonly input: typeof inputSchema;
  readonly conversation: typeof conversationSchema;
  readonly prompt: typeof promptSchema;
  readonly load: typeof loadSchema;
  readonly warmup: typeof warmupSchema;
  readonly fixedSchedule: typeof fixedScheduleSchema;
  readonly metrics: typeof metricsSchema;
  readonly output: typeof outputSchema;
  readonly service: typeof serviceSchema;
  readonly comms: typeof commsSchema;
} = {
  endpoint: endpointSchema,
  tokenizer: tokenizerSchema,
  input: inputSchema,
  conversation: conversationSchema,
  prompt: promptSchema,
  load: loadSchema,
  warmup: warmupSchema,
  fixedSchedule: fixedScheduleSchema,
  metrics: metricsSchema,
  output: outputSchema,
  service: serviceSchema,
  comms: commsSchema,
};

/** Name of an option group. */
export type GroupName = keyof typeof groupSchemas;

/** Headings of `--help`. */
export const groupTitles: Readonly<Record<GroupName, string>> = {
  endpoint: 'Endpoint',
  tokenizer: 'Tokenizer',
  input: 'Input',
  conversation: 'Conversations',
  prompt: 'Prompt lengths',
  load: 'Load',
  warmup: 'Warm-up',
  fixedSchedule: 'Fixed schedule',
  metrics: 'Metrics',
  output: 'Output',
  service: 'Service',
  comms: 'Communication between processes',
};

/** Every group's validated values, before the rules that look across groups fill in the rest. */
export type UserOptions = {
  readonly [Name in GroupName]: (typeof groupSchemas)[Name] extends GroupSchema<infer Output> ? Output : never;
};
