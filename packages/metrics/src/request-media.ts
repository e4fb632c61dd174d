import type { StoredTurns } from './sent-body.ts';

/** What a request carries beside text. */
export interface RequestMedia {
  readonly imageCount: number;
  /** Length of its audio; NaN when there is none, or some of it does not tell its length. */
  readonly audioSec: number;
}

/** A request of text. */
export const NO_MEDIA: RequestMedia = { imageCount: 0, audioSec: Number.NaN };

/** Any of these in a body makes it worth parsing. */
const MARKS = ['image_url', 'input_image', 'input_audio', 'audio_url', '"audio"', '"image"'];
/** Base64 of a WAV header with some chunks before the data: what is looked at to find the length. */
const HEADER_BASE64_CHARS = 4096;

/** Counts the media of stored request bodies, each body once. */
export class MediaCounter {
  readonly #store: StoredTurns;
  /** By conversation, then turn. */
  readonly #counted = new Map<number, RequestMedia[]>();

  constructor(store: StoredTurns) {
    this.#store = store;
  }

  mediaOf(conversationIndex: number, turnIndex: number): RequestMedia {
    let turns = this.#counted.get(conversationIndex);
    if (turns === undefined) {
      turns = [];
      this.#counted.set(conversationIndex, turns);
    }
    return (turns[turnIndex] ??= countMedia(this.#store.turn(conversationIndex, turnIndex).body));
  }
}

/** Images and seconds of audio in a chat request body: parts of its messages' contents. */
export function countMedia(body: Uint8Array): RequestMedia {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (!MARKS.some((mark) => bytes.includes(mark))) return NO_MEDIA;
  let imageCount = 0;
  let audioSec: number | undefined;
  for (const part of contentParts(bytes.toString())) {
    const { type } = part;
    if (type === 'image_url' || type === 'input_image' || type === 'image') imageCount++;
    // One clip of unknown length makes the sum unknown.
    else if (type === 'input_audio' || type === 'audio_url' || type === 'audio') {
      audioSec = (audioSec ?? 0) + clipLengthSec(part);
    }
  }
  return { imageCount, audioSec: audioSec ?? Number.NaN };
}

type Part = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Part {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The parts of all messages; none for a body that is no chat request. */
function contentParts(text: string): Part[] {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // The server will say what is wrong with it.
    return [];
  }
  const messages = isObject(body) ? body['messages'] : undefined;
  if (!Array.isArray(messages)) return [];
  return messages.flatMap((message: unknown) => {
    const content = isObject(message) ? message['content'] : undefined;
    return Array.isArray(content) ? content.filter(isObject) : [];
  });
}

/** Length of an audio part; NaN unless it holds a WAV file, as other formats do not say it in their first bytes. */
function clipLengthSec(part: Part): number {
  const clip = part['input_audio'] ?? part['audio_url'] ?? part['audio'];
  const source = isObject(clip) ? (clip['data'] ?? clip['url']) : clip;
  if (typeof source !== 'string') return Number.NaN;
  const base64 = source.startsWith('data:') ? source.slice(source.indexOf(',') + 1) : source;
  return wavLengthSec(base64);
}

function wavLengthSec(base64: string): number {
  const header = Buffer.from(base64.slice(0, HEADER_BASE64_CHARS), 'base64');
  if (header.length < 12 || header.toString('latin1', 0, 4) !== 'RIFF' || header.toString('latin1', 8, 12) !== 'WAVE') {
    return Number.NaN;
  }
  let bytesPerSec = Number.NaN;
  for (let at = 12; at + 8 <= header.length;) {
    const id = header.toString('latin1', at, at + 4);
    const chunkBytes = header.readUInt32LE(at + 4);
    if (id === 'data') {
      // A recorder that could not go back leaves a wrong size; what is there counts then.
      const presentBytes = Buffer.byteLength(base64, 'base64') - at - 8;
      const lengthSec = Math.min(chunkBytes === 0 ? presentBytes : chunkBytes, presentBytes) / bytesPerSec;
      return Number.isFinite(lengthSec) ? lengthSec : Number.NaN;
    }
    if (id === 'fmt ' && at + 20 <= header.length) bytesPerSec = header.readUInt32LE(at + 16);
    // Chunks begin at even offsets.
    at += 8 + chunkBytes + (chunkBytes & 1);
  }
  return Number.NaN;
}
