import type { Random } from './random.ts';

/** A request as the recording sends it, and what is known of it from its making. */
export interface ScriptedRequest {
  readonly body: string;
  readonly isStream: boolean;
  /** Texts that a data set would hold: the user's. */
  readonly userTexts: readonly string[];
  /** Texts that the server said before, sent along. */
  readonly replies: readonly string[];
  readonly maxTokens: number | undefined;
  /** Seconds of audio in the request. */
  readonly audioSec: number | undefined;
  /** The request is given up this long after it was written. */
  readonly cancelAfterMs: number | undefined;
}

const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const AUDIO_BYTES_PER_SEC = 800;

/** A request that asks for a random number of tokens; some have earlier turns, images or audio. */
export function scriptRequest(random: Random, isStream: boolean, isPlain: boolean): ScriptedRequest {
  const userTexts: string[] = [];
  const replies: string[] = [];
  const messages: object[] = [];
  const earlierTurns = !isPlain && random.chance(0.1) ? random.integer(1, 3) : 0;
  for (let turn = 0; turn < earlierTurns; turn += 1) {
    const [user, reply] = [random.words(random.integer(2, 12)).trim(), random.words(random.integer(2, 12)).trim()];
    userTexts.push(user);
    replies.push(reply);
    messages.push({ role: 'user', content: user }, { role: 'assistant', content: reply });
  }
  const text = random.words(random.integer(3, 60)).trim();
  userTexts.push(text);
  const parts: object[] = [];
  let audioSec: number | undefined;
  if (!isPlain && random.chance(0.12)) {
    const images = random.integer(1, 3);
    for (let image = 0; image < images; image += 1) parts.push({ type: 'image_url', image_url: { url: PIXEL } });
  }
  if (!isPlain && random.chance(0.06)) {
    const bytes = random.integer(100, 4000);
    audioSec = bytes / AUDIO_BYTES_PER_SEC;
    parts.push({ type: 'input_audio', input_audio: { data: wav(bytes), format: 'wav' } });
  }
  messages.push({ role: 'user', content: parts.length === 0 ? text : [{ type: 'text', text }, ...parts] });
  const maxTokens = isPlain || random.chance(0.9) ? random.integer(1, 40) : undefined;
  const body = {
    model: 'mock',
    messages,
    ...(maxTokens === undefined ? {} : { max_completion_tokens: maxTokens }),
    ...(isStream ? { stream: true, stream_options: { include_usage: true } } : {}),
  };
  const cancelAfterMs = random.chance(0.03) ? random.integer(1, 4) : undefined;
  return { body: JSON.stringify(body), isStream, userTexts, replies, maxTokens, audioSec, cancelAfterMs };
}

/** A WAV file of silence, in base64. */
function wav(dataBytes: number): string {
  const header = Buffer.alloc(44);
  header.write('RIFF', 0, 'latin1');
  header.writeUInt32LE(36 + dataBytes, 4);
  header.write('WAVEfmt ', 8, 'latin1');
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(AUDIO_BYTES_PER_SEC, 24);
  header.writeUInt32LE(AUDIO_BYTES_PER_SEC, 28);
  header.writeUInt16LE(1, 32);
  header.writeUInt16LE(8, 34);
  header.write('data', 36, 'latin1');
  header.writeUInt32LE(dataBytes, 40);
  return Buffer.concat([header, Buffer.alloc(dataBytes)]).toString('base64');
}
