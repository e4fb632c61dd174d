export { REDACTED, Secret } from './secret.ts';
export type {
  ArrivalPattern,
  CommsConfig,
  EndpointConfig,
  EndpointType,
  InputConfig,
  LoadConfig,
  LogLevel,
  OutputConfig,
  PromptConfig,
  ServiceConfig,
  TokenizerConfig,
  UserConfig,
} from './user-config.ts';
export type { ClockOrigin, RunPlan } from './run-plan.ts';
