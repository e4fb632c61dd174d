import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** One recorded HTTP exchange with a real server. */
export interface RecordedExchange {
  readonly server: string;
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | null;
  };
  readonly response: {
    /** What each read of the recorder brought; times count from the moment the request had been written. */
    readonly reads: readonly { readonly t_ns: number; readonly b64: string }[];
    readonly close: { readonly by: string; readonly how: string; readonly t_ns: number };
  };
}

/** How the recorded bytes are given to the socket. */
export type ReplayMode = 'recorded' | 'one-read' | 'bytes' | 'pieces';

/** Reads one recording. */
export function readRecording(path: string): RecordedExchange {
  return JSON.parse(readFileSync(path, 'utf8')) as RecordedExchange;
}

/** All response bytes of a recording. */
export function recordedBytes(exchange: RecordedExchange): Buffer {
  return Buffer.concat(exchange.response.reads.map((read) => Buffer.from(read.b64, 'base64')));
}

/**
 * Plays the server's part of an exchange on a socket whose request has been read: at the recorded times, in one write, byte by byte, or in
 * random pieces. The connection is closed at the end unless the recorder was the one who kept it or ended it after a complete response.
 */
export async function replayExchange(
  socket: Socket,
  exchange: RecordedExchange,
  mode: ReplayMode,
  random: () => number = Math.random,
): Promise<void> {
  socket.setNoDelay(true);
  const { reads, close } = exchange.response;
  if (mode === 'recorded') {
    const startMs = performance.now();
    for (const read of reads) {
      await sleepUntil(startMs + read.t_ns / 1e6);
      await write(socket, Buffer.from(read.b64, 'base64'));
    }
    if (close.by === 'server') await sleepUntil(startMs + close.t_ns / 1e6);
  } else {
    await writePieces(socket, recordedBytes(exchange), mode, random);
  }
  if (close.by === 'server' || close.how === 'abort') socket.end();
}

/** Writes bytes at once, one by one, or in random pieces, each with a turn of the event loop between. */
export async function writePieces(
  socket: Socket,
  bytes: Buffer,
  mode: 'one-read' | 'bytes' | 'pieces',
  random: () => number,
): Promise<void> {
  let position = 0;
  while (position < bytes.length && !socket.destroyed) {
    const rest = bytes.length - position;
    const length = mode === 'one-read' ? rest : mode === 'bytes' ? 1 : Math.min(rest, 1 + Math.floor(random() * 300));
    await write(socket, bytes.subarray(position, position + length));
    position += length;
    await nextTurn();
  }
}

async function write(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.destroyed || socket.write(bytes)) return;
  await Promise.race([once(socket, 'drain'), once(socket, 'close')]);
}

async function sleepUntil(timeMs: number): Promise<void> {
  const waitMs = timeMs - performance.now();
  if (waitMs > 0) await sleep(waitMs);
}
