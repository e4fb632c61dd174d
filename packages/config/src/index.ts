export { artifactDirectoryName } from './artifact-directory.ts';
export { CONFIG_ERROR_CODES, ConfigError } from './config-error.ts';
export type { ConfigErrorCode } from './config-error.ts';
export type { ConfigProblem, ProblemKind } from './config-problem.ts';
export { describeConfig } from './describe-config.ts';
export type { ConfigDescription } from './describe-config.ts';
export { loadProfileConfig } from './load-config.ts';
export type { LoadContext } from './load-config.ts';
export { parseProfileArguments, wantsHelp } from './parse-profile-arguments.ts';
export type { ParseContext, ParseResult } from './parse-profile-arguments.ts';
export { encodePlan } from './plan-codec.ts';
export { profileConfig } from './profile-config.ts';
export type { OptionValue, ProfileOptions } from './profile-config.ts';
export { redactCommandLine } from './redact-command-line.ts';
export { renderHelp } from './render-help.ts';
export { renderProblems } from './render-problems.ts';
export { Secret } from './secret.ts';
export { knownConnections, recordProcessorCount, workerCount } from './sizing.ts';
export type {
  ArrivalPattern,
  FixedScheduleConfig,
  LoadMode,
  PhaseConfig,
  RampConfig,
  RampShape,
  RatePoint,
} from './phase-config.ts';
export type {
  CommsConfig,
  ConversationConfig,
  CustomDatasetType,
  EndpointConfig,
  ExportFormat,
  GoodputObjective,
  InputConfig,
  LogLevel,
  MetricsConfig,
  OutputConfig,
  PromptConfig,
  ServiceConfig,
  TokenizerConfig,
  UserConfig,
} from './user-config.ts';
export type { ClockOrigin, RunPlan } from './run-plan.ts';
