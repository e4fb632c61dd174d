import { randomUUID } from 'node:crypto';
import { decodeJson, encodeJson } from './codec.ts';
import { CommsError, errorText } from './comms-error.ts';
import type { DealerSocket, RouterSocket } from './service.ts';

/** Default wait for a reply. */
const REQUEST_DEADLINE_MS = 30_000;

/** Body of a request or a reply. */
export type RequestBody = Readonly<Record<string, unknown>> & { readonly message_type: string };

/** Asks questions over a DEALER; replies may come in any order. */
export interface RequestClient {
  /** Rejects with `AIPERF_COMMS_REMOTE` when the other side answers with an error, `AIPERF_COMMS_TIMEOUT` when it does not answer. */
  request(body: RequestBody, options?: { readonly deadlineMs?: number }): Promise<RequestBody>;
  /** Requests without an answer so far. */
  readonly pendingCount: number;
}

interface PendingRequest {
  readonly resolve: (reply: RequestBody) => void;
  readonly reject: (error: Error) => void;
}

/** Correlates requests and replies on a DEALER, which this client then owns. `name` says in errors who asked. */
export function createRequestClient(dealer: DealerSocket, name: string): RequestClient {
  const pending = new Map<string, PendingRequest>();
  dealer.messages$.subscribe({
    next: (frames) => {
      const reply = decodeRequest(frames.at(-1));
      // A reply to a request that has timed out has no one left to take it.
      if (reply !== undefined) pending.get(reply.requestId)?.resolve(reply.body);
    },
    complete: () => {
      const error = new CommsError('AIPERF_COMMS_CLOSED', `${name}: the connection was closed`);
      for (const { reject } of pending.values()) reject(error);
    },
  });
  return {
    get pendingCount() {
      return pending.size;
    },
    request: async (body, options) => {
      const deadlineMs = options?.deadlineMs ?? REQUEST_DEADLINE_MS;
      const requestId = randomUUID();
      const { promise, resolve, reject } = Promise.withResolvers<RequestBody>();
      pending.set(requestId, { resolve, reject });
      const timer = setTimeout(() => {
        reject(
          new CommsError('AIPERF_COMMS_TIMEOUT', `${name}: no reply to ${body.message_type} within ${deadlineMs} ms`),
        );
      }, deadlineMs);
      // The send waits while nobody is connected; the deadline counts for it too.
      dealer.send([encodeJson({ ...body, request_id: requestId })]).catch(reject);
      try {
        return checkReply(await promise, name);
      } finally {
        clearTimeout(timer);
        pending.delete(requestId);
      }
    },
  };
}

/** Answers one type of request; `undefined` is an error to the asker. */
export type RequestHandler = (body: RequestBody) => RequestBody | undefined | Promise<RequestBody | undefined>;

/**
 * Answers requests that arrive at a ROUTER, which this server then owns; they run concurrently. A handler that throws, a missing one and a
 * missing answer become `error` replies. `onError` hears of what could not be read or answered.
 */
export function serveRequests(
  router: RouterSocket,
  handlers: Readonly<Record<string, RequestHandler>>,
  onError: (error: Error) => void,
): void {
  router.messages$.subscribe(({ from, frames }) => {
    const request = decodeRequest(frames.at(-1));
    if (request === undefined) {
      onError(new CommsError('AIPERF_COMMS_DECODE', 'A request without message_type or request_id was dropped'));
      return;
    }
    // Behind a proxy the frames between the peer's name and the body say which client it is; the reply takes them back.
    const envelope = frames.slice(0, -1);
    answer(request, handlers)
      .then((reply) => router.send(from, [...envelope, encodeJson({ ...reply, request_id: request.requestId })]))
      .catch((error: unknown) => {
        onError(error instanceof Error ? error : new Error(String(error)));
      });
  });
}

interface DecodedRequest {
  readonly requestId: string;
  readonly body: RequestBody;
}

async function answer(
  { body }: DecodedRequest,
  handlers: Readonly<Record<string, RequestHandler>>,
): Promise<RequestBody> {
  const handler = Object.hasOwn(handlers, body.message_type) ? handlers[body.message_type] : undefined;
  if (handler === undefined) return errorReply('NO_HANDLER', `Nothing here answers ${body.message_type}`);
  try {
    return (await handler(body)) ?? errorReply('NO_RESPONSE', `There was no answer to ${body.message_type}`);
  } catch (error) {
    return errorReply(error instanceof Error ? error.name : 'Error', errorText(error));
  }
}

function errorReply(type: string, message: string): RequestBody {
  return { message_type: 'error', error: { code: null, type, message } };
}

function checkReply(reply: RequestBody, name: string): RequestBody {
  if (reply.message_type !== 'error') return reply;
  const { error } = reply;
  const text =
    typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : 'no reason given';
  throw new CommsError('AIPERF_COMMS_REMOTE', `${name}: the request failed: ${text}`, { cause: error });
}

function decodeRequest(frame: Uint8Array | undefined): DecodedRequest | undefined {
  if (frame === undefined) return undefined;
  let value: Record<string, unknown>;
  try {
    value = decodeJson(frame);
  } catch {
    // The caller reports or drops what it cannot read.
    return undefined;
  }
  const { message_type: type, request_id: requestId } = value;
  if (typeof type !== 'string' || typeof requestId !== 'string') return undefined;
  return { requestId, body: { ...value, message_type: type } };
}
