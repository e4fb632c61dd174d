import type { AddressPlan } from '@aiperf/comms';
import type { LogLevel } from '@aiperf/config';
import type { PlacedService } from './placement.ts';

/** What a process needs to know to run its services. JSON: it is sent over a child's channel before anything else. */
export interface ServicesSpec {
  readonly services: readonly PlacedService[];
  readonly addresses: AddressPlan;
  readonly logLevel: LogLevel;
}
