import { Random } from './random.ts';

/** One write of an answer, so long after the write before it. */
export interface ScriptedWrite {
  readonly afterMs: number;
  readonly text: string;
}

/** What the scripted server answers. */
export interface ScriptedAnswer {
  readonly status: number;
  readonly reason: string;
  readonly contentType: string;
  readonly writes: readonly ScriptedWrite[];
  /** `cut`: the connection is reset in the middle of the body. */
  readonly end: 'complete' | 'cut';
}

type Delta = Readonly<Record<string, unknown>>;

/** A stream of events in one of the many ways that servers have. */
export function scriptStream(seed: number): ScriptedAnswer {
  const random = new Random(seed);
  const kind = random.next();
  if (kind < 0.06) return errorAnswer(random);
  const head = { status: 200, reason: 'OK', contentType: 'text/event-stream; charset=utf-8' } as const;
  const deltas = kind < 0.08 ? [] : deltasOf(random);
  const events = eventsOf(random, deltas);
  // Content and then an error by name.
  if (kind >= 0.08 && kind < 0.1) {
    const kept = events.slice(0, random.integer(1, events.length - 1));
    kept.push('event: error\ndata: {"error":{"message":"out of memory","code":500}}');
    return { ...head, writes: writesOf(random, kept), end: 'complete' };
  }
  // The connection is reset in the middle.
  if (kind >= 0.1 && kind < 0.14) {
    return { ...head, writes: writesOf(random, events.slice(0, random.integer(1, events.length - 1))), end: 'cut' };
  }
  // Ways to go wrong that a reader may pass over: an error without a name, no end, an event that is no JSON.
  if (kind >= 0.14 && kind < 0.17) {
    const at = random.integer(2, events.length - 1);
    const wrong = random.pick(['error', 'no end', 'no json'] as const);
    const kept = wrong === 'no json' ? events : events.slice(0, at);
    if (wrong === 'error') kept.push('data: {"error":{"message":"overloaded","type":"server_error"}}', 'data: [DONE]');
    else if (wrong === 'no json') kept.splice(at - 1, 0, 'data: {"choices": [}');
    return { ...head, writes: writesOf(random, kept), end: 'complete' };
  }
  return { ...head, writes: writesOf(random, events), end: 'complete' };
}

/** A whole completion. */
export function scriptWhole(seed: number): ScriptedAnswer {
  const random = new Random(seed);
  const kind = random.next();
  if (kind < 0.06) return errorAnswer(random);
  const text = random.words(random.integer(1, 40));
  const message: Record<string, unknown> = { role: 'assistant', content: text };
  if (kind < 0.3) message[random.pick(['reasoning', 'reasoning_content'])] = random.words(random.integer(1, 20));
  else if (kind < 0.4) {
    message['tool_calls'] = [toolCall('weather', `{"city":"${random.words(3)}"}`)];
    if (random.chance(0.5)) message['content'] = null;
  } else if (kind < 0.42) message['content'] = '';
  const usage = usageOf(random, text.split(' ').length);
  const answer = {
    id: 'chatcmpl-1',
    object: 'chat.completion',
    model: 'mock',
    choices: [{ index: 0, message, finish_reason: 'stop' }],
    ...(usage === undefined ? {} : { usage }),
    ...specDecodingOf(random),
  };
  const body = JSON.stringify(answer);
  const at = random.integer(1, body.length - 1);
  const writes = random.chance(0.3)
    ? [
        { afterMs: 2, text: body.slice(0, at) },
        { afterMs: 1, text: body.slice(at) },
      ]
    : [{ afterMs: random.integer(0, 3), text: body }];
  const end = kind > 0.97 ? 'cut' : 'complete';
  return { status: 200, reason: 'OK', contentType: 'application/json', writes, end };
}

function errorAnswer(random: Random): ScriptedAnswer {
  const [status, reason, message] = random.pick([
    [400, 'Bad Request', "This model's maximum context length is 2048 tokens. However, you requested 4096 tokens"],
    [429, 'Too Many Requests', 'slow down'],
    [500, 'Internal Server Error', 'the engine died'],
    [503, 'Service Unavailable', 'starting'],
  ] as const);
  const text = JSON.stringify({ error: { message, type: reason, code: status } });
  return { status, reason, contentType: 'application/json', writes: [{ afterMs: 0, text }], end: 'complete' };
}

function toolCall(name: string | undefined, argumentText: string): object {
  const called = name === undefined ? { arguments: argumentText } : { name, arguments: argumentText };
  return { index: 0, id: 'call_1', type: 'function', function: called };
}

function deltasOf(random: Random): Delta[] {
  const deltas: Delta[] = [];
  const kind = random.next();
  const chunks = random.chance(0.08) ? 1 : random.integer(2, 30);
  const most = random.chance(0.6) ? 1 : 4;
  const words = (): string => random.words(random.integer(1, most));
  if (kind < 0.25) {
    const key = random.pick(['reasoning', 'reasoning_content']);
    const thoughts = random.integer(1, 12);
    for (let index = 0; index < thoughts; index += 1) deltas.push({ [key]: words() });
    if (random.chance(0.2)) deltas.push({ [key]: words(), content: words() });
    if (random.chance(0.1)) return deltas;
  }
  for (let index = 0; index < chunks; index += 1) {
    deltas.push({ content: words() });
    if (random.chance(0.03)) deltas.push({ content: '' });
  }
  if (kind > 0.92) {
    if (random.chance(0.5)) deltas.length = 0;
    const said = random.chance(0.3) ? { content: words() } : {};
    deltas.push({ ...said, tool_calls: [toolCall('weather', '')] });
    for (let index = 0; index < 3; index += 1) deltas.push({ tool_calls: [toolCall(undefined, words())] });
  }
  return deltas;
}

function usageOf(random: Random, completionTokens: number): Delta | undefined {
  const prompt = random.integer(10, 400);
  const part = (whole: number): number => random.integer(0, whole);
  switch (random.integer(0, 9)) {
    case 0:
      return undefined;
    case 1:
      return {
        input_tokens: prompt,
        output_tokens: completionTokens,
        cache_read_input_tokens: part(prompt),
        cache_creation_input_tokens: part(50),
      };
    case 2:
      return {
        promptTokenCount: prompt,
        candidatesTokenCount: completionTokens,
        totalTokenCount: prompt + completionTokens,
        // Some of the output is not reasoning.
        thoughtsTokenCount: part(completionTokens - 1),
        cachedContentTokenCount: part(prompt),
        toolUsePromptTokenCount: part(20),
      };
    case 3:
      return {
        prompt_tokens: prompt,
        completion_tokens: completionTokens,
        total_tokens: prompt + completionTokens,
        prompt_cache_hit_tokens: part(prompt),
        prompt_cache_miss_tokens: part(prompt),
      };
    case 4:
      return {
        prompt_tokens: prompt,
        completion_tokens: completionTokens,
        total_tokens: prompt + completionTokens,
        prompt_audio_seconds: part(30),
      };
    case 5:
      return { prompt_tokens: prompt, completion_tokens: completionTokens, total_tokens: prompt + completionTokens };
    default:
      return {
        prompt_tokens: prompt,
        completion_tokens: completionTokens,
        total_tokens: prompt + completionTokens,
        prompt_tokens_details: { cached_tokens: part(prompt), audio_tokens: part(10) },
        completion_tokens_details: {
          reasoning_tokens: part(completionTokens - 1),
          audio_tokens: part(completionTokens),
          accepted_prediction_tokens: part(completionTokens),
          rejected_prediction_tokens: part(completionTokens),
        },
      };
  }
}

/** As vLLM reports it, whose words alone AIPerf reads. */
function specDecodingOf(random: Random): Delta {
  if (!random.chance(0.4)) return {};
  const histogram = [0, 1, 2, 3].map(() => random.integer(0, 9));
  const steps = histogram.reduce((sum, count) => sum + count, 0);
  const accepted = histogram.reduce((sum, count, length) => sum + count * length, 0);
  if (steps === 0) return {};
  return {
    metrics: {
      speculative_decoding: {
        acceptance_histogram: histogram,
        mean_acceptance_length: 1 + accepted / steps,
        draft_acceptance_rate: accepted / (3 * steps),
        num_accepted_draft_tokens: accepted,
        num_draft_tokens: 3 * steps,
        num_spec_steps: steps,
        num_spec_tokens: 3,
      },
    },
  };
}

/** Events without the empty line that ends each. */
function eventsOf(random: Random, deltas: readonly Delta[]): string[] {
  const events: string[] = [];
  const prefix = random.pick(['data: ', 'data: ', 'data:']);
  const base = { id: 'chatcmpl-1', object: 'chat.completion.chunk', model: 'mock' };
  const add = (choices: readonly object[], more: Delta = {}): void => {
    events.push(`${prefix}${JSON.stringify({ ...base, choices, ...more })}`);
  };
  const choice = (delta: Delta, finishReason: string | null = null): object => ({
    index: 0,
    delta,
    finish_reason: finishReason,
  });
  const isEveryChunkCounted = random.chance(0.35);
  const burst = random.chance(0.3) ? 3 : 1;
  let tokens = 0;
  if (random.chance(0.8)) add([choice({ role: 'assistant', content: '' })]);
  for (const [index, delta] of deltas.entries()) {
    tokens += burst;
    const counts = { prompt_tokens: 20, completion_tokens: tokens, total_tokens: 20 + tokens };
    const isLast = index === deltas.length - 1 && random.chance(0.5);
    add([choice(delta, isLast ? 'length' : null)], isEveryChunkCounted ? { usage: counts } : {});
    if (random.chance(0.02)) events.push(': still there');
  }
  if (!(events.at(-1) ?? '').includes('"length"')) add([choice({}, 'stop')]);
  const usage = isEveryChunkCounted
    ? { prompt_tokens: 20, completion_tokens: tokens, total_tokens: 20 + tokens }
    : usageOf(random, Math.max(1, tokens));
  if (usage !== undefined) add([], { usage, ...specDecodingOf(random) });
  events.push(`${prefix}[DONE]`);
  return events;
}

/** Cuts events into writes: most are alone, some come together, a few in two pieces. */
function writesOf(random: Random, events: readonly string[]): ScriptedWrite[] {
  const lineEnd = random.chance(0.1) ? '\r\n' : '\n';
  const coalescing = random.pick([0, 0, 0.2, 0.8, 1]);
  const isSplit = random.chance(0.05);
  const writes: { afterMs: number; text: string }[] = [];
  let afterMs = 2 + random.integer(0, 4);
  for (const event of events) {
    const text = event.replaceAll('\n', lineEnd) + lineEnd + lineEnd;
    const last = writes.at(-1);
    // The end belongs to what came last, as servers write it.
    if (last !== undefined && (text.includes('[DONE]') || random.chance(coalescing))) {
      last.text += text;
    } else if (isSplit && random.chance(0.5)) {
      const at = random.integer(1, text.length - 1);
      writes.push({ afterMs, text: text.slice(0, at) }, { afterMs: 2, text: text.slice(at) });
    } else {
      writes.push({ afterMs, text });
    }
    afterMs = random.integer(0, 3);
  }
  return writes;
}
