import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeInputsFile } from './inputs-file.ts';
import { openDatasetStore } from './store-reader.ts';
import { createDatasetStoreWriter } from './store-writer.ts';
import { temporaryDirectory } from './temporary-directory.test.support.ts';

const utf8 = new TextEncoder();

async function writeInputs(sessions: readonly (readonly unknown[])[]): Promise<string> {
  await using directory = await temporaryDirectory();
  using writer = createDatasetStoreWriter(directory.path);
  for (const [index, payloads] of sessions.entries()) {
    const turns = payloads.map((payload) => ({ body: utf8.encode(JSON.stringify(payload)), inputTokens: 1 }));
    writer.add({ id: `s${index}`, turns });
  }
  writer.finish();
  const path = join(directory.path, 'inputs.json');
  using store = openDatasetStore(directory.path);
  await writeInputsFile(path, store);
  return readFile(path, 'utf8');
}

test.for<[string, readonly (readonly unknown[])[]]>([
  ['nothing', []],
  ['one body', [[{ model: 'm', messages: [{ role: 'user', content: 'a\n"b" ünï 🙂' }], stream: true }]]],
  ['conversations of several turns and none', [[{ a: 1 }, { b: [] }], [], [{ c: { d: null } }]]],
  ['more than one piece', Array.from({ length: 40 }, (_, index) => [{ content: `${index} ${'word '.repeat(4000)}` }])],
])('inputs.json of %s is printed with an indent of 2 and no newline at its end', async ([, sessions]) => {
  const data = sessions.map((payloads, index) => ({ session_id: `s${index}`, payloads }));
  expect(await writeInputs(sessions)).toBe(JSON.stringify({ data }, null, 2));
});

test('a file that cannot be written is named', async () => {
  await using directory = await temporaryDirectory();
  using writer = createDatasetStoreWriter(directory.path);
  writer.finish();
  using store = openDatasetStore(directory.path);
  const path = join(directory.path, 'absent', 'inputs.json');
  await expect(writeInputsFile(path, store)).rejects.toThrow(
    expect.objectContaining({ code: 'AIPERF_DATASET_INPUTS_FILE', message: expect.stringContaining(path) }),
  );
});
