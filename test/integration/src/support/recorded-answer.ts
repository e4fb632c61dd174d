import type { RecordedExchange } from '@aiperf/transport/testing';

/** What a recorded chat exchange says, by the plainest means: nothing in common with the code under test. */
export interface RecordedAnswer {
  readonly status: number;
  /** The response ended as its framing says. */
  readonly isComplete: boolean;
  readonly text: string;
  readonly finishReason: string | undefined;
  readonly completionTokens: number | undefined;
  readonly contentEventCount: number;
  /** From the written request to the read with the first byte of the first event that has content; NaN: none has. */
  readonly firstContentMs: number;
}

interface Output {
  readonly content?: string | null;
  readonly tool_calls?: readonly object[] | null;
}

interface Completion {
  readonly choices?: readonly {
    readonly index: number;
    readonly finish_reason?: string | null;
    readonly delta?: Output;
    readonly message?: Output;
  }[];
  readonly usage?: { readonly completion_tokens: number } | null;
}

interface Body {
  /** One character a byte. */
  readonly latin1: string;
  /** Position in the response of each byte. */
  readonly positions: readonly number[];
  readonly isComplete: boolean;
}

export function readRecordedAnswer({ response }: RecordedExchange): RecordedAnswer {
  const reads = response.reads.map(({ t_ns, b64 }) => ({ timeMs: t_ns / 1e6, bytes: Buffer.from(b64, 'base64') }));
  const all = Buffer.concat(reads.map(({ bytes }) => bytes)).toString('latin1');
  const head = all.slice(0, all.indexOf('\r\n\r\n') + 4);
  const body = bodyOf(all, head);
  const timeOf = (position: number): number => {
    let end = 0;
    for (const { timeMs, bytes } of reads) {
      end += bytes.length;
      if (position < end) return timeMs;
    }
    return Number.NaN;
  };
  const isStream = /^content-type: *text\/event-stream/imu.test(head);
  const events = isStream
    ? [...body.latin1.matchAll(/^data: (.*)\n/gmu)].map((match) => ({ at: match.index, json: match[1] ?? '' }))
    : [{ at: body.latin1.length - 1, json: body.latin1 }];
  const status = Number(head.slice(9, 12));
  const completions =
    body.isComplete && status === 200
      ? events.flatMap(({ at, json }) => {
          const text = Buffer.from(json, 'latin1').toString();
          return text === '[DONE]' ? [] : [{ at, completion: JSON.parse(text) as Completion }];
        })
      : [];
  const choices = completions.flatMap(({ completion }) => completion.choices ?? []);
  const withContent = completions.filter(({ completion }) => (completion.choices ?? []).some(hasContent));
  const first = withContent[0];
  return {
    status,
    isComplete: body.isComplete,
    text: choices
      .toSorted((a, b) => a.index - b.index)
      .map(({ delta, message }) => delta?.content ?? message?.content ?? '')
      .join(''),
    finishReason:
      choices.find(({ index, finish_reason }) => index === 0 && typeof finish_reason === 'string')?.finish_reason ??
      undefined,
    completionTokens: completions.findLast(({ completion }) => completion.usage)?.completion.usage?.completion_tokens,
    contentEventCount: withContent.length,
    firstContentMs: first === undefined ? Number.NaN : timeOf(body.positions[first.at] ?? Number.NaN),
  };
}

function hasContent({ delta, message }: { readonly delta?: Output; readonly message?: Output }): boolean {
  const { content, tool_calls: calls } = delta ?? message ?? {};
  return (content ?? '') !== '' || (calls ?? []).length > 0;
}

function bodyOf(all: string, head: string): Body {
  const positions: number[] = [];
  const take = (start: number, length: number): void => {
    for (let i = start; i < Math.min(all.length, start + length); i += 1) positions.push(i);
  };
  const done = (isComplete: boolean): Body => ({
    latin1: positions.map((position) => all[position]).join(''),
    positions,
    isComplete,
  });
  if (head === '') return done(false);
  const length = /^content-length: *(\d+)/imu.exec(head)?.[1];
  if (length !== undefined) {
    take(head.length, Number(length));
    return done(positions.length === Number(length));
  }
  for (let at = head.length; ;) {
    const lineEnd = all.indexOf('\r\n', at);
    const size = lineEnd < 0 ? Number.NaN : Number.parseInt(all.slice(at, lineEnd), 16);
    if (!(size > 0)) return done(size === 0 && all.length >= lineEnd + 4);
    take(lineEnd + 2, size);
    at = lineEnd + 2 + size + 2;
  }
}
