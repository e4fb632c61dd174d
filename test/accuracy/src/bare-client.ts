import { writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

/**
 * A closed loop over bare sockets and nothing else: no HTTP parser, no records, no other process. What it adds to the server's times is
 * the floor of this machine, kernel and server. Run as a program; its one argument is a {@link BareLoad} as JSON.
 */
export interface BareLoad {
  readonly url: string;
  readonly streams: number;
  readonly requestsPerStream: number;
  readonly outputTokens: number;
  /** The streams begin one after the other over this time. */
  readonly spreadMs: number;
  /** Begins every request id. */
  readonly idPrefix: string;
  readonly outputPath: string;
}

/** Instants are `CLOCK_MONOTONIC` in nanoseconds. */
export interface BareRow {
  readonly requestId: string;
  readonly startNs: number;
  /** Reads that brought body bytes. */
  readonly readNs: number[];
}

const SETTLE_MS = 300;
const READ_BUFFER_BYTES = 65_536;
const END_OF_BODY = Buffer.from('0\r\n\r\n');
const END_OF_HEAD = '\r\n\r\n';
const nowNs = (): number => Number(process.hrtime.bigint());

/** The server writes the head by itself when the first token is not due at once. */
function isHeadOnly(bytes: Buffer): boolean {
  return (
    bytes[0] === 'H'.charCodeAt(0) && bytes.indexOf(END_OF_HEAD, 0, 'latin1') === bytes.length - END_OF_HEAD.length
  );
}

async function main(load: BareLoad): Promise<void> {
  const { hostname, port } = new URL(load.url);
  const buffer = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  const rows: BareRow[] = [];
  const body = JSON.stringify({
    model: 'mock',
    stream: true,
    max_completion_tokens: load.outputTokens,
    messages: [{ role: 'user', content: 'word '.repeat(64) }],
  });
  const requestText = (requestId: string): string =>
    `POST /v1/chat/completions HTTP/1.1\r\nHost: ${hostname}\r\nContent-Type: application/json\r\n` +
    `X-Request-ID: ${requestId}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;

  /** Sends this stream's requests one after the other over one connection. */
  const runStream = (
    socket: Socket,
    stream: number,
    onRead: (handler: (length: number) => void) => void,
  ): Promise<void> =>
    new Promise((resolve) => {
      let sentCount = 0;
      let row: BareRow;
      const send = (): void => {
        row = { requestId: `${load.idPrefix}-${stream}-${sentCount}`, startNs: 0, readNs: [] };
        rows.push(row);
        sentCount += 1;
        const text = requestText(row.requestId);
        (row as { startNs: number }).startNs = nowNs();
        socket.write(text, 'latin1');
      };
      onRead((length) => {
        const readNs = nowNs();
        if (isHeadOnly(buffer.subarray(0, length))) return;
        row.readNs.push(readNs);
        if (buffer.compare(END_OF_BODY, 0, END_OF_BODY.length, length - END_OF_BODY.length, length) !== 0) return;
        if (sentCount < load.requestsPerStream) setImmediate(send);
        else resolve();
      });
      setTimeout(send, (stream * load.spreadMs) / load.streams);
    });

  const open = async (): Promise<{ socket: Socket; setHandler: (handler: (length: number) => void) => void }> => {
    let handler = (_length: number): void => {};
    const callback = (length: number): boolean => {
      handler(length);
      return true;
    };
    const socket = connect({ host: hostname, port: Number(port), noDelay: true, onread: { buffer, callback } });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    return {
      socket,
      setHandler: (next) => {
        handler = next;
      },
    };
  };

  const connections: Awaited<ReturnType<typeof open>>[] = [];
  for (let stream = 0; stream < load.streams; stream += 1) connections.push(await open());
  // The kernel completes connections before the server's process takes them up.
  await delay(SETTLE_MS);
  await Promise.all(connections.map(({ socket, setHandler }, stream) => runStream(socket, stream, setHandler)));
  for (const { socket } of connections) socket.destroy();
  await writeFile(load.outputPath, JSON.stringify(rows));
}

await main(JSON.parse(process.argv[2] ?? '{}') as BareLoad);
