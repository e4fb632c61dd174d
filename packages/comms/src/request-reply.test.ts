import { NEVER, Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { encodeJson } from './codec.ts';
import { createRequestClient, serveRequests } from './request-reply.ts';
import type { RouterMessage } from './service.ts';

test('a request that times out leaves nothing behind, and its late reply is dropped', async () => {
  const replies$ = new Subject<readonly Uint8Array[]>();
  const sent: Uint8Array[] = [];
  const client = createRequestClient(
    {
      messages$: replies$,
      send: ([frame = new Uint8Array()]) => {
        sent.push(frame);
        return Promise.resolve();
      },
    },
    'worker_1',
  );
  const request = client.request({ message_type: 'conversation_request' }, { deadlineMs: 5 });
  expect(client.pendingCount).toBe(1);
  await expect(request).rejects.toMatchObject({
    code: 'AIPERF_COMMS_TIMEOUT',
    message: 'worker_1: no reply to conversation_request within 5 ms',
  });
  expect(client.pendingCount).toBe(0);
  replies$.next(sent);
  const waiting = client.request({ message_type: 'conversation_request' });
  replies$.complete();
  await expect(waiting).rejects.toMatchObject({ code: 'AIPERF_COMMS_CLOSED' });
});

test('a connection that fails fails the request', async () => {
  const client = createRequestClient({ messages$: NEVER, send: () => Promise.reject(new Error('gone')) }, 'worker_1');
  await expect(client.request({ message_type: 'x' })).rejects.toThrow('gone');
  expect(client.pendingCount).toBe(0);
});

test('what is no request is reported, and the envelope of a reply is that of its request', async () => {
  const requests$ = new Subject<RouterMessage>();
  const sent: [string, readonly Uint8Array[]][] = [];
  const errors: Error[] = [];
  serveRequests(
    {
      messages$: requests$,
      send: (to, frames) => {
        sent.push([to, frames]);
        return to === 'gone' ? Promise.reject(new Error('no such peer')) : Promise.resolve();
      },
    },
    { x: () => ({ message_type: 'x_response' }) },
    (error) => errors.push(error),
  );
  const body = encodeJson({ message_type: 'x', request_id: '7' });
  requests$.next({ from: 'proxy', frames: [] });
  requests$.next({ from: 'proxy', frames: [Buffer.from('{')] });
  requests$.next({ from: 'proxy', frames: [encodeJson({ message_type: 'x' })] });
  requests$.next({ from: 'proxy', frames: [Buffer.from('client'), body] });
  requests$.next({ from: 'gone', frames: [body] });
  await expect.poll(() => errors.length).toBe(4);
  expect(sent[0]?.[0]).toBe('proxy');
  expect(sent[0]?.[1].map((frame) => Buffer.from(frame).toString())).toEqual([
    'client',
    '{"message_type":"x_response","request_id":"7"}',
  ]);
  expect(errors[3]?.message).toBe('no such peer');
});
