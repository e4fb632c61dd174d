import { ChatHistory } from './chat-history.ts';
import { isContentEvent } from './chat-news.ts';
import { ChatParser, isEventStream } from './chat-parser.ts';
import type { BodyConfig, Endpoint, EndpointTurn } from '../endpoint.ts';
import { isObject } from '../json.ts';

/** OpenAI chat completions. */
export const chatEndpoint: Endpoint = {
  type: 'chat',
  method: 'POST',
  defaultPath: '/v1/chat/completions',
  acceptHeader: (streaming) => (streaming ? 'text/event-stream' : 'application/json'),
  renderBody: (turn, config) => new TextEncoder().encode(JSON.stringify(chatBody(turn, config))),
  createParser: () => new ChatParser(),
  createHistory: () => new ChatHistory(),
  isStream: isEventStream,
  isContentEvent,
};

/** Key order as in AIPerf's requests: extra inputs replace values in place, new ones follow, the stream's options come last. */
function chatBody(turn: EndpointTurn, config: BodyConfig): Record<string, unknown> {
  if (turn.payload !== undefined) return { ...turn.payload, ...turn.extra };
  const extra: Readonly<Record<string, unknown>> = { ...config.extraInputs, ...turn.extra };
  const streaming = typeof extra['stream'] === 'boolean' ? extra['stream'] : config.streaming;
  const body: Record<string, unknown> = {
    messages: turn.messages ?? [{ role: turn.role, content: turn.text }],
    model: turn.model,
    stream: streaming,
  };
  if (turn.tools !== undefined) body['tools'] = turn.tools;
  if (turn.maxOutputTokens !== undefined) {
    body[config.useLegacyMaxTokens ? 'max_tokens' : 'max_completion_tokens'] = turn.maxOutputTokens;
  }
  const merged = { ...body, ...extra };
  const extraOptions = extra['stream_options'];
  // A server refuses stream_options without a stream, so they follow what is really sent.
  if (streaming && (extraOptions === undefined || isObject(extraOptions))) {
    // The author's own choice of include_usage is kept; other stream options do not switch the usage off.
    merged['stream_options'] = { include_usage: true, ...extraOptions };
  }
  return merged;
}
