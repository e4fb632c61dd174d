import * as z from 'zod/mini';
import type { CommsConfig } from '../user-config.ts';
import { type GroupSchema, integerFrom, option, text } from './option.ts';

/** The documented ports end at 5664. */
const HIGHEST_PORT_OFFSET = 65_535 - 5664;

/** How the run's processes reach each other. */
export const commsSchema: GroupSchema<CommsConfig> = z.object({
  zmqHost: option(z.exactOptional(text('a host name or address')), {
    flags: ['--zmq-host'],
    summary: 'Use TCP with the documented ports on this host.',
    valueName: 'host',
    defaultText: 'none: IPC sockets',
  }),
  zmqIpcPath: option(z.exactOptional(text('a directory')), {
    flags: ['--zmq-ipc-path'],
    summary: 'Directory of the IPC sockets.',
    valueName: 'path',
    defaultText: 'private to the run',
  }),
  zmqPortOffset: option(z._default(integerFrom(0, HIGHEST_PORT_OFFSET), 0), {
    flags: ['--zmq-port-offset'],
    summary: 'Added to every documented port, so that two TCP runs can share a host. Only with --zmq-host.',
    valueName: 'ports',
    needs: 'comms.zmqHost',
  }),
  insecureBus: option(z._default(z.boolean('no value, or true or false'), false), {
    flags: ['--insecure-bus'],
    summary: 'Allow a bus on an address other than loopback without encryption. Only with --zmq-host.',
    needs: 'comms.zmqHost',
  }),
});
