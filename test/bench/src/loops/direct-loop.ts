import { connect, type Socket } from 'node:net';
import { loopBody, printResult, readLoopOptions } from './loop-options.ts';

/**
 * The fastest that one Node process can ask over HTTP/1.1: sockets read into one buffer, one prepared request, and no look at an answer
 * but for its end. The yardstick of the pipeline, so it keeps no record and takes no stamp.
 */
const { host, port, streams, requestCount, outputTokens } = readLoopOptions();
const body = loopBody(outputTokens);
const request = Buffer.from(
  `POST /v1/chat/completions HTTP/1.1\r\nHost: ${host}:${port}\r\nContent-Type: application/json\r\n` +
    `Accept: text/event-stream\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
);
/** The last chunk of a chunked body; nothing is pipelined, so a read that ends with it ends a response. */
const END = Buffer.from('\r\n0\r\n\r\n');
const readBuffer = Buffer.allocUnsafe(65_536);

let sentCount = 0;
let endedCount = 0;
let startNs = 0n;

/** One connection, asked again as soon as it has answered. */
class Stream {
  readonly #socket: Socket;
  /** Last bytes read, when a read was too short to hold the whole end. */
  #tail = '';

  constructor(onConnected: () => void) {
    const onread = {
      buffer: readBuffer,
      callback: (byteCount: number): boolean => {
        if (this.#isEnd(byteCount)) this.#onResponseEnd();
        return true;
      },
    };
    this.#socket = connect({ host, port, noDelay: true, onread }, onConnected);
    this.#socket.on('error', (error) => {
      throw error;
    });
  }

  send(): void {
    if (sentCount >= requestCount) {
      this.#socket.destroy();
      return;
    }
    sentCount += 1;
    this.#socket.write(request);
  }

  #isEnd(byteCount: number): boolean {
    if (this.#tail === '' && byteCount >= END.length) {
      if (readBuffer.compare(END, 0, END.length, byteCount - END.length, byteCount) === 0) return true;
    }
    const text = this.#tail + readBuffer.toString('latin1', Math.max(0, byteCount - END.length), byteCount);
    this.#tail = text.slice(-END.length);
    if (this.#tail !== END.toString('latin1')) return false;
    this.#tail = '';
    return true;
  }

  #onResponseEnd(): void {
    endedCount += 1;
    if (endedCount === requestCount) {
      printResult({ requestCount, durationSec: Number(process.hrtime.bigint() - startNs) / 1e9 });
    }
    this.send();
  }
}

let connectedCount = 0;
const all: Stream[] = Array.from(
  { length: streams },
  () =>
    new Stream(() => {
      connectedCount += 1;
      if (connectedCount < streams) return;
      startNs = process.hrtime.bigint();
      for (const stream of all) stream.send();
    }),
);
