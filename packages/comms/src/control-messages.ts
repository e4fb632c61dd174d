/** States of a service, in the order in which it passes them; `failed` can follow any. */
export const SERVICE_STATES = [
  'created',
  'initializing',
  'initialized',
  'starting',
  'running',
  'stopping',
  'stopped',
  'failed',
] as const;
export type ServiceState = (typeof SERVICE_STATES)[number];

/** What a service was doing when something went wrong. */
export type ServiceStage =
  | 'connect'
  | 'create'
  | 'register'
  | 'idle'
  | 'configure'
  | 'start'
  | 'run'
  | 'cancel'
  | 'stop';

/** Commands that every hosted service answers. */
export const SERVICE_COMMANDS = ['profile_configure', 'profile_start', 'profile_cancel', 'shutdown'] as const;
export type ServiceCommand = (typeof SERVICE_COMMANDS)[number];

/**
 * How a command was answered: `success` carries the value that the handler returned, `acknowledged` says that there was none or that the
 * command had been seen before, `unhandled` that the service does not know it.
 */
export type AnswerStatus = 'acknowledged' | 'success' | 'failure' | 'unhandled';

export type LogLevel = 'debug' | 'info' | 'warning' | 'error';

/** Service type that commands to the controller are addressed to. */
export const CONTROLLER_SERVICE_TYPE = 'system_controller';

interface StateMessage {
  readonly service_type: string;
  readonly state: ServiceState;
}

/** Messages by which services are run; the hosts and the controller exchange them beside the domain's own. */
export interface ControlMessages {
  command: {
    readonly command: string;
    /** The same on a repetition: a service runs each id once. */
    readonly command_id: string;
    /** Argument of the command, as text that only the two ends understand. */
    readonly payload?: string;
    /** Only with `register_service`: who registers. */
    readonly service_type?: string;
    readonly state?: ServiceState;
  };
  command_response: {
    readonly command: string;
    readonly command_id: string;
    readonly status: AnswerStatus;
    readonly data?: unknown;
    readonly error?: { readonly type: string; readonly message: string };
  };
  /** Every heartbeat interval, stamped when it is sent. */
  heartbeat: StateMessage;
  /** On every change of state. */
  status: StateMessage;
  /** The service cannot go on. */
  service_error: { readonly service_type: string; readonly stage: ServiceStage; readonly message: string };
  log_record: {
    readonly level: LogLevel;
    readonly message: string;
    /** Seconds since the Unix epoch. */
    readonly created: number;
  };
  /** Sent to oneself to learn that the bus works both ways. */
  connection_probe: { readonly sequence: number };
}
