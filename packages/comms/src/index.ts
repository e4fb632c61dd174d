export { ADDRESS_NAMES } from './address.ts';
export type { AddressName } from './address.ts';
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
