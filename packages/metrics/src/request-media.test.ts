import type { DatasetStore } from '@aiperf/dataset';
import { expect, test } from 'vitest';
import { countMedia, MediaCounter } from './request-media.ts';

/** A WAV file of silence: 16 kHz, mono, 16 bit; `dataBytes` is what its header says. */
function wav(lengthSec: number, options: { dataBytes?: number; hasListChunk?: boolean } = {}): string {
  const bytesPerSec = 32_000;
  const data = Buffer.alloc(lengthSec * bytesPerSec);
  const format = Buffer.alloc(24);
  format.write('fmt ', 'latin1');
  format.writeUInt32LE(16, 4);
  format.writeUInt32LE(bytesPerSec, 16);
  // A chunk of odd length is padded.
  const list = options.hasListChunk === true ? Buffer.from('LIST\u0003\0\0\0abc\0', 'latin1') : Buffer.alloc(0);
  const dataHead = Buffer.alloc(8);
  dataHead.write('data', 'latin1');
  dataHead.writeUInt32LE(options.dataBytes ?? data.length, 4);
  const riff = Buffer.from('RIFF\0\0\0\0WAVE', 'latin1');
  return Buffer.concat([riff, format, list, dataHead, data]).toString('base64');
}

function bodyOf(...parts: object[]): Uint8Array {
  return Buffer.from(JSON.stringify({ model: 'm', messages: [{ role: 'user', content: parts }] }));
}

const audio = (data: string): object => ({ type: 'input_audio', input_audio: { data, format: 'wav' } });
const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } };
const text = { type: 'text', text: 'what is this?' };

test.for<[string, Uint8Array, number, number]>([
  ['text', bodyOf(text), 0, Number.NaN],
  ['text that talks of image_url', bodyOf({ type: 'text', text: 'image_url input_audio' }), 0, Number.NaN],
  ['a message that is a string', Buffer.from('{"messages":[{"content":"image_url"}]}'), 0, Number.NaN],
  ['two images', bodyOf(image, text, image), 2, Number.NaN],
  ['a clip', bodyOf(text, audio(wav(1.5))), 0, 1.5],
  ['a clip with another chunk before its samples', bodyOf(audio(wav(2, { hasListChunk: true }))), 0, 2],
  ['a clip whose header was never finished', bodyOf(audio(wav(2, { dataBytes: 0xffffffff }))), 0, 2],
  ['a clip as a data URL', bodyOf({ type: 'audio_url', audio_url: { url: `data:audio/wav;base64,${wav(1)}` } }), 0, 1],
  ['two clips and an image', bodyOf(audio(wav(1)), image, audio(wav(2))), 1, 3],
  [
    'a clip in a format that does not say its length',
    bodyOf(audio(Buffer.from('ID3 mp3').toString('base64'))),
    0,
    Number.NaN,
  ],
  ['one clip of known and one of unknown length', bodyOf(audio(wav(1)), audio('AAAA')), 0, Number.NaN],
  ['a header that is cut', bodyOf(audio(wav(1).slice(0, 20))), 0, Number.NaN],
  ['an audio part without data', bodyOf({ type: 'input_audio' }), 0, Number.NaN],
  ['no JSON', Buffer.from('image_url'), 0, Number.NaN],
  ['no messages', Buffer.from('{"prompt":"image_url"}'), 0, Number.NaN],
])('%s', ([, body, imageCount, audioSec]) => {
  expect(countMedia(body)).toEqual({ imageCount, audioSec });
});

test('each body is looked at once', () => {
  const asked: string[] = [];
  const store = {
    turn: (conversation: number, turn: number) => {
      asked.push(`${conversation}/${turn}`);
      return { body: bodyOf(...Array.from({ length: turn }, () => image)), inputTokens: 1 };
    },
  } as unknown as DatasetStore;
  const counter = new MediaCounter(store);
  const counts = [
    [0, 2],
    [1, 1],
    [0, 2],
    [0, 0],
  ].map(([conversation = 0, turn = 0]) => counter.mediaOf(conversation, turn).imageCount);
  expect(counts).toEqual([2, 1, 2, 0]);
  expect(asked).toEqual(['0/2', '1/1', '0/0']);
});
