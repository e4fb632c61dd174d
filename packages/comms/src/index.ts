export { createAddressPlan } from './address.ts';
export type { AddressName, AddressOptions, AddressPlan } from './address.ts';
export { connectBus } from './bus.ts';
export type { BusOptions, ConnectedBus } from './bus.ts';
export { CommandClient, CommandError } from './command-client.ts';
export type { CommandAnswer, CommandClientOptions, SendCommandOptions } from './command-client.ts';
export { COMMS_ERROR_CODES, CommsError, toError } from './comms-error.ts';
export type { CommsErrorCode } from './comms-error.ts';
export type { ControlMessages, LogLevel, ServiceCommand, ServiceStage, ServiceState } from './control-messages.ts';
export type { JoinBusOptions, JoinOptions, Network, OpenSocketsOptions, OwnedDataSockets } from './network.ts';
export { startProxies } from './proxy.ts';
export type { Proxies } from './proxy.ts';
export { receiveEach } from './receive-each.ts';
export { ServiceRegistry } from './registration.ts';
export type { LostService, RegisteredService, ServiceRegistryOptions, WaitOptions } from './registration.ts';
export { createRequestClient, serveRequests } from './request-reply.ts';
export type { RequestBody, RequestClient, RequestHandler } from './request-reply.ts';
export { sendTo } from './send-to.ts';
export { ServiceHost, runService } from './service-host.ts';
export type { ServiceHostOptions, ServiceOutcome } from './service-host.ts';
export type {
  Bus,
  DataSockets,
  DealerSocket,
  Envelope,
  Log,
  PullSocket,
  PushSocket,
  RouterMessage,
  RouterSocket,
  Service,
  ServiceContext,
  SpoolingPushSocket,
} from './service.ts';
export { untilStopped } from './until-stopped.ts';
export { zmqNetwork } from './zmq-network.ts';
