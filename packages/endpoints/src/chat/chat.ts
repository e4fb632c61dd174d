import { ChatHistory } from './chat-history.ts';
import { CHAT_FORMAT, CHAT_RECOGNISER } from './chat-news.ts';
import type { BodyConfig, Endpoint, EndpointTurn } from '../endpoint.ts';
import { isEventStream } from '../event-stream.ts';
import { withFastPath } from '../fast-path/with-fast-path.ts';
import { isObject } from '../json.ts';
import { contentTestOf, TextParser } from '../text-parser.ts';

/** OpenAI chat completions. */
export const chatEndpoint: Endpoint = {
  name: 'chat',
  title: 'LLM Metrics',
  serviceKind: 'openai',
  method: 'POST',
  path: '/v1/chat/completions',
  produces: 'text',
  traits: {
    streams: true,
    producesTokens: true,
    tokenizesInput: true,
    supportsReasoning: true,
    supportsAudio: true,
    supportsImages: true,
    supportsVideo: true,
  },
  // Prompts are text: other parts come only with messages that the user wrote.
  mayCarryMedia: (extraInputs) => extraInputs['messages'] !== undefined,
  acceptHeader: (streaming) => (streaming ? 'text/event-stream' : 'application/json'),
  renderBody: (turn, config) => new TextEncoder().encode(JSON.stringify(chatBody(turn, config))),
  createPlainParser: () => new TextParser(CHAT_FORMAT),
  createParser: () => withFastPath(new TextParser(CHAT_FORMAT), CHAT_RECOGNISER),
  createHistory: () => new ChatHistory(),
  isStream: isEventStream,
  isContentEvent: contentTestOf(CHAT_FORMAT),
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
