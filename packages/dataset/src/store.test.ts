import { readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { EncodedConversation, EncodedTurn } from './conversation.ts';
import { DatasetError } from './dataset-error.ts';
import { DATA_FILE_NAME, INDEX_FILE_NAME, NO_MAX_OUTPUT_TOKENS } from './store-format.ts';
import { openDatasetStore } from './store-reader.ts';
import type { DatasetStoreOptions } from './store-reader.ts';
import { createDatasetStoreWriter } from './store-writer.ts';
import { temporaryDirectory } from './temporary-directory.test.support.ts';

const tokens = fc.integer({ min: 0, max: NO_MAX_OUTPUT_TOKENS - 1 });
const encodedTurn = fc.record(
  {
    body: fc.uint8Array({ maxLength: 200 }),
    inputTokens: tokens,
    maxOutputTokens: tokens,
    isWholeHistory: fc.constant(true as const),
    delayNs: fc.double({ min: 0, noNaN: true }),
    timestampNs: fc.double({ min: 0, noNaN: true }),
  },
  { requiredKeys: ['body', 'inputTokens'] },
);
const conversations = fc.array(
  fc.record({ id: fc.string({ unit: 'binary', maxLength: 20 }), turns: fc.array(encodedTurn, { maxLength: 4 }) }),
  { maxLength: 20 },
);

function write(directory: string, all: readonly EncodedConversation[]): void {
  using writer = createDatasetStoreWriter(directory);
  for (const conversation of all) writer.add(conversation);
  writer.finish();
}

function readAll(directory: string, options?: DatasetStoreOptions): EncodedConversation[] {
  using store = openDatasetStore(directory, options);
  return Array.from({ length: store.conversationCount }, (_, index) => ({
    id: store.conversationId(index),
    turns: Array.from({ length: store.turnCount(index) }, (__, turn) => store.turn(index, turn)),
  }));
}

const small: EncodedConversation[] = [
  { id: 'session_000000', turns: [{ body: new Uint8Array([1, 2, 3]), inputTokens: 3 }] },
  { id: 'session_000001', turns: [{ body: new Uint8Array([4, 5]), inputTokens: 2, maxOutputTokens: 7 }] },
];

describe('a dataset store', () => {
  test.for([undefined, 0, 100])(
    'gives back what was written, with a body cache of %s bytes',
    async (bodyCacheBytes) => {
      await using directory = await temporaryDirectory();
      const options = bodyCacheBytes === undefined ? {} : { bodyCacheBytes };
      fc.assert(
        fc.property(conversations, (all) => {
          // Ids that are not well-formed UTF-16 come back with replacement characters, as in any UTF-8 file.
          const expected = all.map(({ id, turns }) => ({ id: id.toWellFormed(), turns }));
          write(directory.path, all as EncodedConversation[]);
          expect(readAll(directory.path, options)).toEqual(expected);
        }),
        { numRuns: 60 },
      );
    },
  );

  test('holds bodies larger than the write buffer between small ones', async () => {
    await using directory = await temporaryDirectory();
    const sizes = [10, 3_000_000, 1, 1_048_576, 0, 700_000, 700_000];
    const all = sizes.map((size, index) => ({
      id: `c${index}`,
      turns: [{ body: new Uint8Array(size).fill(index + 1), inputTokens: size }],
    }));
    write(directory.path, all);
    using store = openDatasetStore(directory.path);
    for (const [index, { turns }] of all.entries()) {
      expect(Buffer.compare(store.turn(index, 0).body, turns[0]?.body ?? new Uint8Array())).toBe(0);
    }
  });

  test('reads a body from disk once while it fits into the cache, and again when it does not', async () => {
    await using directory = await temporaryDirectory();
    write(directory.path, small);
    using roomy = openDatasetStore(directory.path, { bodyCacheBytes: 3 });
    expect(roomy.turn(0, 0)).toBe(roomy.turn(0, 0));
    expect(roomy.turn(1, 0)).not.toBe(roomy.turn(1, 0));
    expect(roomy.turn(1, 0)).toEqual(small[1]?.turns[0]);
  });

  test('tells when turns are due without reading their bodies', async () => {
    await using directory = await temporaryDirectory();
    const body = new Uint8Array([1]);
    const turns: EncodedTurn[] = [
      { body, inputTokens: 1, timestampNs: 27_482_000_000 },
      { body, inputTokens: 1, delayNs: 1_500_000 },
    ];
    write(directory.path, [
      { id: 'a', turns: [] },
      { id: 'b', turns },
    ]);
    using store = openDatasetStore(directory.path, { bodyCacheBytes: 0 });
    expect([0, 1].map((turn) => store.turnTiming(1, turn))).toEqual([
      { delayNs: Number.NaN, timestampNs: 27_482_000_000 },
      { delayNs: 1_500_000, timestampNs: Number.NaN },
    ]);
    expect(() => store.turnTiming(1, 2)).toThrow('has no turn 2');
  });

  test('replaces an older store in the same directory', async () => {
    await using directory = await temporaryDirectory();
    write(directory.path, [...small, ...small]);
    write(directory.path, small);
    expect(readAll(directory.path)).toEqual(small);
  });

  test('can be given up before it is finished, and then cannot be opened', async () => {
    await using directory = await temporaryDirectory();
    write(directory.path, small);
    {
      using writer = createDatasetStoreWriter(directory.path);
      writer.add({ id: 'a', turns: [] });
    }
    expect(() => openDatasetStore(directory.path)).toThrow(INDEX_FILE_NAME);
  });

  test.for([
    [2, 0],
    [-1, 0],
    [0, 1],
    [0, -1],
  ] as const)('has no turn %d/%d', async ([conversation, turn]) => {
    await using directory = await temporaryDirectory();
    write(directory.path, small);
    using store = openDatasetStore(directory.path);
    expect(() => store.turn(conversation, turn)).toThrow(/has no turn|does not exist/);
  });
});

describe('a file that is not a finished store is refused by name', () => {
  const patch = (offset: number, byte: number) => async (path: string) => {
    const bytes = await readFile(path);
    bytes[offset] = byte;
    await writeFile(path, bytes);
  };
  test.for<[string, string, (path: string) => Promise<void>, RegExp]>([
    ['missing index', INDEX_FILE_NAME, (path) => rm(path), /ENOENT/],
    ['missing data', DATA_FILE_NAME, (path) => rm(path), /ENOENT/],
    ['empty index', INDEX_FILE_NAME, (path) => truncate(path, 0), /expected at least 16 bytes, found 0/],
    ['index cut in its header', INDEX_FILE_NAME, (path) => truncate(path, 20), /expected at least 48 bytes, found 20/],
    ['index cut short', INDEX_FILE_NAME, (path) => truncate(path, 100), /expected 188 bytes, found 100/],
    ['data cut short', DATA_FILE_NAME, (path) => truncate(path, 18), /expected 21 bytes, found 18/],
    ['foreign index', INDEX_FILE_NAME, (path) => writeFile(path, 'ARROW1 and other bytes'), /begin with "AIPFINDX"/],
    ['foreign data', DATA_FILE_NAME, (path) => writeFile(path, '{"data": [1, 2, 3, 4]}'), /begin with "AIPFDATA"/],
    ['a later version', DATA_FILE_NAME, patch(8, 9), /expected store version 2, found 9/],
    ['turns that do not add up', INDEX_FILE_NAME, patch(48 + 12, 5), /expected 2 turns, its conversations have 6/],
  ])('%s', async ([, file, damage, reason]) => {
    await using directory = await temporaryDirectory();
    write(directory.path, small);
    const path = join(directory.path, file);
    await damage(path);
    const open = (): unknown => openDatasetStore(directory.path);
    expect(open).toThrow(DatasetError);
    expect(open).toThrow(expect.objectContaining({ code: 'AIPERF_DATASET_STORE_INVALID' }));
    expect(open).toThrow(path);
    expect(open).toThrow(reason);
  });

  test('a body outside the data file', async () => {
    await using directory = await temporaryDirectory();
    write(directory.path, small);
    await patch(48 + 2 * 16 + 1, 1)(join(directory.path, INDEX_FILE_NAME));
    using store = openDatasetStore(directory.path);
    expect(() => store.turn(0, 0)).toThrow('expected a body within 21 bytes');
  });

  test('a directory that cannot be written is named', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'file');
    await writeFile(path, '');
    expect(() => createDatasetStoreWriter(path)).toThrow(
      expect.objectContaining({ code: 'AIPERF_DATASET_STORE_WRITE', message: expect.stringContaining(path) }),
    );
  });
});
