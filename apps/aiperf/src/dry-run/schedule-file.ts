import { closeSync, openSync, writeSync } from 'node:fs';
import type { SimulatedRequest } from '@aiperf/timing/simulation';

const HEADINGS =
  'phase,request,session,conversation,turn,turns,due_ns,sent_ns,delay_ns,cancel_after_ns,input_tokens,output_tokens';
const FLUSH_CHARS = 1 << 16;

/** One request as a line of the schedule. */
export interface ScheduleLine {
  readonly phaseName: string;
  readonly request: SimulatedRequest;
  readonly conversationId: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/**
 * The whole schedule as CSV, in the order of sending. Times are nanoseconds since the beginning of the phase; what does not apply is
 * empty. `due_ns` of an open loop depends on nothing but the seed; `sent_ns` also on the assumed answers.
 */
export class ScheduleFile implements Disposable {
  readonly #file: number;
  #text = `${HEADINGS}\n`;

  /** Throws when there is such a file already. */
  constructor(path: string) {
    this.#file = openSync(path, 'wx');
  }

  add({ phaseName, request, conversationId, inputTokens, outputTokens }: ScheduleLine): void {
    const { requestNumber, sessionNumber, turnIndex, turnCount, dueNs, sentNs, delayNs, cancelAfterNs } = request;
    this.#text +=
      `${quoted(phaseName)},${requestNumber},${sessionNumber},${quoted(conversationId)},${turnIndex},${turnCount},` +
      `${cell(dueNs)},${cell(sentNs)},${turnIndex === 0 ? '' : cell(delayNs)},${cell(cancelAfterNs)},${inputTokens},${outputTokens}\n`;
    if (this.#text.length > FLUSH_CHARS) this.#flush();
  }

  [Symbol.dispose](): void {
    this.#flush();
    closeSync(this.#file);
  }

  #flush(): void {
    const bytes = Buffer.from(this.#text);
    this.#text = '';
    for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written);
  }
}

const cell = (value: number): string => (Number.isNaN(value) ? '' : String(value));

const quoted = (text: string): string => (/[",\r\n]/u.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
