import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { measureRoundTripNs, startRoundTripProbe } from './round-trip-probe.ts';

/** A listening port of this host, with the connections that it got. */
async function listen(): Promise<AsyncDisposable & { url: string; readonly connectionCount: () => number }> {
  let connectionCount = 0;
  const server = createServer((socket) => {
    connectionCount += 1;
    socket.on('error', () => undefined).resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    connectionCount: () => connectionCount,
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

/** A port that nobody listens on. */
async function refusedUrl(): Promise<string> {
  await using closed = await listen();
  return closed.url;
}

test('a round trip is the time of a handshake, by address and by name', async () => {
  await using server = await listen();
  const { signal } = new AbortController();
  for (const url of [server.url, server.url.replace('127.0.0.1', 'localhost')]) {
    const rttNs = await measureRoundTripNs(new URL(url), signal);
    expect(rttNs).toBeGreaterThan(0);
    expect(rttNs).toBeLessThan(5e9);
  }
});

test('a port that refuses has none', async () => {
  const url = await refusedUrl();
  await expect(measureRoundTripNs(new URL(url), new AbortController().signal)).rejects.toThrow(/ECONNREFUSED/u);
});

test('a probe measures at once, then again and again, until it is stopped', async () => {
  await using server = await listen();
  const probe = startRoundTripProbe([server.url], 1);
  while (probe.samplesNs.length < 3) await new Promise(setImmediate);
  await probe.stop();
  const { length } = probe.samplesNs;
  await new Promise(setImmediate);
  expect(probe.samplesNs).toHaveLength(length);
  expect(probe.samplesNs.every((ns) => ns > 0)).toBe(true);
});

test('a probe that is stopped at once still has one sample', async () => {
  await using server = await listen();
  const probe = startRoundTripProbe([server.url], 60_000);
  await probe.stop();
  expect(probe.samplesNs).toHaveLength(1);
});

test('a probe says why it has no samples', async () => {
  const probe = startRoundTripProbe([await refusedUrl()], 60_000);
  await probe.stop();
  expect(probe.samplesNs).toEqual([]);
  expect(probe.lastFailure).toMatch(/ECONNREFUSED/u);
});
