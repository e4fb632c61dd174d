import { expect } from 'vitest';

import { createTransport } from '../../http/create-transport.ts';
import type { TransportOptions } from '../../http/transport-options.ts';
import type { Timeline } from '@aiperf/records';
import type { Transport } from '../../transport.ts';
import { startRawServer } from '../raw-server.ts';
import type { RawRequest, RawServer } from '../raw-server.ts';
import { transportOptions } from '../transport-rig.ts';

/** The implementation under test, and what it is known to do otherwise. */
export interface ComplianceSubject {
  readonly kind: 'direct' | 'undici';
  /** A 100 that nobody asked for is skipped; undici takes it for a malformed response. */
  readonly skipsUnaskedContinue: boolean;
}

/** A raw server and a transport to it, closed together. */
export interface Rig extends AsyncDisposable {
  readonly server: RawServer;
  readonly transport: Transport;
}

/** Starts a server that answers as `respond` says, and a transport of the subject's kind to it. */
export async function startRig(
  subject: ComplianceSubject,
  respond: (request: RawRequest) => unknown,
  options: Partial<TransportOptions> = {},
): Promise<Rig> {
  const server = await startRawServer(respond);
  const transport = await createTransport(
    transportOptions(`http://127.0.0.1:${server.port}`, { kind: subject.kind, ...options }),
  );
  return {
    server,
    transport,
    async [Symbol.asyncDispose]() {
      await transport.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** What must hold of every timeline, however its exchange ended. */
export function expectConsistent(timeline: Timeline): void {
  let bodyBytes = 0;
  let lastNs = timeline.headersNs;
  for (let index = 0; index < timeline.readCount; index++) {
    bodyBytes += timeline.readLengths[index] ?? 0;
    expect(timeline.readLengths[index]).toBeGreaterThan(0);
    expect(timeline.readNs[index]).toBeGreaterThanOrEqual(lastNs);
    lastNs = timeline.readNs[index] ?? Number.NaN;
  }
  expect(bodyBytes).toBe(timeline.bodyLength);
  expect(timeline.endNs).toBeGreaterThanOrEqual(timeline.queuedNs);
  if (timeline.readCount > 0) expect(timeline.endNs).toBeGreaterThanOrEqual(lastNs);
  if (!Number.isNaN(timeline.startNs)) expect(timeline.startNs).toBeGreaterThanOrEqual(timeline.queuedNs);
  if (!Number.isNaN(timeline.headersNs)) expect(timeline.headersNs).toBeGreaterThanOrEqual(timeline.startNs);
  if (!Number.isNaN(timeline.connectEndNs) && !Number.isNaN(timeline.startNs)) {
    expect(timeline.startNs).toBeGreaterThanOrEqual(timeline.connectEndNs);
    expect(timeline.connectEndNs).toBeGreaterThanOrEqual(timeline.connectStartNs);
  }
  expect(timeline.responseReads).toBeGreaterThanOrEqual(timeline.readCount);
}
