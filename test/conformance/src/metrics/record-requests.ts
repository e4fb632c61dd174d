import { RequestRecord, type Timeline } from '@aiperf/records';
import { createTransport, type Exchange } from '@aiperf/transport';
import { createClock, type Clock } from '@aiperf/records/clock';
import { SEED_HEADER } from './scripted-server.ts';
import type { ScriptedRequest } from './request-script.ts';

/** A request, what our client stamped of it, and what the making of it says. */
export interface RecordedExchange {
  readonly script: ScriptedRequest;
  readonly record: RequestRecord;
}

/** What is sent to one server. */
export interface RecordingPart {
  readonly url: string;
  readonly requests: readonly ScriptedRequest[];
  /** Seed of the first request's answer; the next ones count up. */
  readonly answerSeed: number;
}

const CONCURRENCY = 24;
/** The recording begins a while after the origin of its clock, so that no stamp is 0. */
const LEAD_NS = 1_000_000_000;

/** Sends every request through our transport, so many at a time, and keeps what it stamped. */
export async function recordRequests(
  parts: readonly RecordingPart[],
  countTokens: (texts: readonly string[]) => readonly number[],
): Promise<RecordedExchange[]> {
  const clock = delayedClock();
  const recorded: RecordedExchange[] = [];
  for (const { url, requests, answerSeed } of parts) {
    const transport = await createTransport({
      baseUrls: [url],
      path: '/v1/chat/completions',
      headers: [['Content-Type', 'application/json']],
      variableHeaderNames: [SEED_HEADER],
      kind: 'direct',
      connectionReuse: 'pooled',
      requestTimeoutMs: 20_000,
      clock,
    });
    let next = 0;
    const slot = async (): Promise<void> => {
      let previousEndNs = Number.NaN;
      for (let index = next++; index < requests.length; index = next++) {
        const script = requests[index];
        if (script === undefined) return;
        const creditIssuedNs = clock.now();
        const record = new RequestRecord();
        await exchange(script, String(answerSeed + index), record.timeline);
        const { timeline } = record;
        const creditId = recorded.length;
        Object.assign(record, {
          creditId,
          sessionNumber: creditId,
          conversationIndex: creditId,
          creditIssuedNs,
          turnaroundNs: timeline.startNs - previousEndNs,
          inputTokens: countTokens(script.userTexts).reduce((sum, count) => sum + count, 0),
          historyReplies: script.replies,
          maxOutputTokens: script.maxTokens ?? Number.NaN,
        });
        recorded.push({ script, record });
        previousEndNs = timeline.endNs;
      }
    };
    const exchange = (script: ScriptedRequest, seed: string, timeline: Timeline): Promise<void> =>
      new Promise((resolve) => {
        let timer: NodeJS.Timeout | undefined;
        const sent: Exchange = {
          request: { urlIndex: 0, variableHeaders: [seed], body: Buffer.from(script.body) },
          timeline,
          onSent: () => {
            const { cancelAfterMs } = script;
            if (cancelAfterMs === undefined || timer !== undefined) return;
            timer = setTimeout(() => transport.cancel(sent, cancellation(cancelAfterMs)), cancelAfterMs);
          },
          onEnd: () => {
            clearTimeout(timer);
            resolve();
          },
        };
        transport.send(sent);
      });
    try {
      await Promise.all(Array.from({ length: CONCURRENCY }, slot));
    } finally {
      await transport.close();
    }
  }
  return recorded;
}

function cancellation(cancelAfterMs: number): NonNullable<Timeline['error']> {
  const message = `Request cancelled ${(cancelAfterMs / 1000).toFixed(3)}s after being sent`;
  return { code: 'cancelled', type: 'RequestCancellationError', message, httpStatus: 499 };
}

function delayedClock(): Clock {
  const clock = createClock();
  const { monotonicNs, epochNs } = clock.origin;
  return createClock({
    monotonicNs: (BigInt(monotonicNs) - BigInt(LEAD_NS)).toString(),
    epochNs: (BigInt(epochNs) - BigInt(LEAD_NS)).toString(),
  });
}
