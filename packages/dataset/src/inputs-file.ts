import { open } from 'node:fs/promises';
import { DatasetError, messageOf } from './dataset-error.ts';
import type { DatasetStore } from './store-reader.ts';

/** Text collected before it is written, and between which other work of the process gets its turn. */
const CHUNK_CHARS = 256 * 1024;

/** Writes AIPerf's `inputs.json`: every conversation of the store with the exact request body of each turn. */
export async function writeInputsFile(path: string, store: DatasetStore): Promise<void> {
  try {
    const file = await open(path, 'w');
    try {
      for (const chunk of formatInputs(store)) await file.write(chunk);
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof DatasetError) throw error;
    throw new DatasetError('AIPERF_DATASET_INPUTS_FILE', `cannot write ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** As `JSON.stringify` with an indent of 2 would print the whole, in pieces. */
function* formatInputs(store: DatasetStore): Generator<string> {
  const utf8 = new TextDecoder();
  let chunk = '{\n  "data": [';
  for (let index = 0; index < store.conversationCount; index += 1) {
    const payloads: unknown[] = [];
    for (let turn = 0; turn < store.turnCount(index); turn += 1) {
      payloads.push(JSON.parse(utf8.decode(store.turn(index, turn).body)));
    }
    const entry = JSON.stringify({ session_id: store.conversationId(index), payloads }, null, 2);
    chunk += `${index === 0 ? '' : ','}\n    ${entry.replaceAll('\n', '\n    ')}`;
    if (chunk.length >= CHUNK_CHARS) {
      yield chunk;
      chunk = '';
    }
  }
  yield `${chunk}${store.conversationCount === 0 ? '' : '\n  '}]\n}`;
}
