import { CommsError, errorText } from './comms-error.ts';

interface Attachable {
  readonly lastEndpoint: string | null;
  bindSync(endpoint: string): void;
  connect(endpoint: string): void;
  close(): void;
}

/** Which end of a connection a socket is. */
export type Attachment = { readonly bind: string } | { readonly connect: string };

/** Binds or connects a socket whose options are set, and returns the endpoint in use (a wildcard port resolved). Closes it on failure. */
export function attach(socket: Attachable, attachment: Attachment): string {
  const binds = 'bind' in attachment;
  const endpoint = binds ? attachment.bind : attachment.connect;
  try {
    if (binds) socket.bindSync(endpoint);
    else socket.connect(endpoint);
  } catch (error) {
    socket.close();
    throw new CommsError(
      binds ? 'AIPERF_COMMS_BIND' : 'AIPERF_COMMS_CONNECT',
      `Cannot ${binds ? 'listen at' : 'connect to'} ${endpoint}: ${errorText(error)}`,
      { cause: error },
    );
  }
  return (binds ? socket.lastEndpoint : undefined) ?? endpoint;
}
