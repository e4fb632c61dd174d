import type { CommsConfig, ConversationConfig, OutputConfig, PromptConfig, TokenizerConfig } from '../user-config.ts';
import { commsSchema } from './comms.ts';
import { conversationSchema } from './conversation.ts';
import { type EndpointOptions, endpointSchema } from './endpoint.ts';
import { type FixedScheduleOptions, fixedScheduleSchema } from './fixed-schedule.ts';
import { type InputOptions, inputSchema } from './input.ts';
import type { LoadOptions } from './load-table.ts';
import { loadSchema, warmupSchema } from './load.ts';
import { type MetricsOptions, metricsSchema } from './metrics.ts';
import type { GroupSchema } from './option.ts';
import { outputSchema } from './output.ts';
import { promptSchema } from './prompt.ts';
import { type ServiceOptions, serviceSchema } from './service.ts';
import { tokenizerSchema } from './tokenizer.ts';

/** Every group's validated values, before the rules that look across groups fill in the rest. */
export interface UserOptions {
  readonly endpoint: EndpointOptions;
  readonly tokenizer: TokenizerConfig;
  readonly input: InputOptions;
  readonly conversation: ConversationConfig;
  readonly prompt: PromptConfig;
  readonly load: LoadOptions;
  readonly warmup: LoadOptions;
  readonly fixedSchedule: FixedScheduleOptions;
  readonly metrics: MetricsOptions;
  readonly output: OutputConfig;
  readonly service: ServiceOptions;
  readonly comms: CommsConfig;
}

/** Name of an option group. */
export type GroupName = keyof UserOptions;

/** One group of options: its heading in `--help` and its options. */
export interface OptionGroup<Options> {
  readonly title: string;
  readonly schema: GroupSchema<Options>;
}

/** Every option group by its place in the configuration, in the order of `--help`. */
export const OPTION_GROUPS: { readonly [Name in GroupName]: OptionGroup<UserOptions[Name]> } = {
  endpoint: { title: 'Endpoint', schema: endpointSchema },
  tokenizer: { title: 'Tokenizer', schema: tokenizerSchema },
  input: { title: 'Input', schema: inputSchema },
  conversation: { title: 'Conversations', schema: conversationSchema },
  prompt: { title: 'Prompt lengths', schema: promptSchema },
  load: { title: 'Load', schema: loadSchema },
  warmup: { title: 'Warm-up', schema: warmupSchema },
  fixedSchedule: { title: 'Fixed schedule', schema: fixedScheduleSchema },
  metrics: { title: 'Metrics', schema: metricsSchema },
  output: { title: 'Output', schema: outputSchema },
  service: { title: 'Service', schema: serviceSchema },
  comms: { title: 'Communication between processes', schema: commsSchema },
};
