export { SystemController } from './system-controller.ts';
export type { RunOutcome, SystemControllerOptions } from './system-controller.ts';
export { CONTROLLER_ERROR_CODES, ControllerError } from './controller-error.ts';
export type { ControllerErrorCode } from './controller-error.ts';
export type { ChildEntry } from './local-supervisor.ts';
export type { LogRecord } from './run-log.ts';
export type { RunProgress, RunStage } from './run-progress.ts';
export { localPlacement, placedServices } from './placement.ts';
export type { PlacedProcess, PlacedService, Placement, PlacementCounts, ServiceType } from './placement.ts';
