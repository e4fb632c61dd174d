import { isUtf8 } from 'node:buffer';
import { closeSync, createReadStream, openSync, readSync } from 'node:fs';
import type { JsonObject } from '../conversation.ts';
import { DatasetError, messageOf } from '../dataset-error.ts';
import { showValue } from './input-problems.ts';
import type { InputProblems } from './input-problems.ts';

const READ_BYTES = 1024 * 1024;
/** Of the first record, which may be a long conversation. */
const FIRST_RECORD_BYTES_MAX = 64 * 1024 * 1024;
const LINE_FEED = 0x0a;

/** One line that holds something. */
export interface JsonLine {
  /** From 1, blank lines counted. */
  readonly lineNumber: number;
  readonly record: JsonObject;
}

/** The records of a JSONL file, read in pieces. Blank lines are skipped; lines that are no JSON object are problems, and left out. */
export async function* readJsonLines(path: string, problems: InputProblems): AsyncGenerator<readonly JsonLine[]> {
  let lineNumber = 0;
  let rest: Buffer[] = [];
  const parse = (bytes: Buffer, into: JsonLine[]): void => {
    lineNumber += 1;
    const record = parseLine(bytes, (what) => problems.add(lineNumber, what));
    if (record !== undefined) into.push({ lineNumber, record });
  };
  for await (const chunk of readChunks(path)) {
    const lines: JsonLine[] = [];
    let begin = 0;
    for (let end = chunk.indexOf(LINE_FEED); end !== -1; end = chunk.indexOf(LINE_FEED, begin)) {
      const line = chunk.subarray(begin, end);
      parse(rest.length === 0 ? line : Buffer.concat([...rest, line]), lines);
      rest = [];
      begin = end + 1;
    }
    if (begin < chunk.length) rest.push(chunk.subarray(begin));
    yield lines;
  }
  const last: JsonLine[] = [];
  if (rest.length > 0) parse(Buffer.concat(rest), last);
  yield last;
}

async function* readChunks(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: READ_BYTES })) yield chunk as Buffer;
  } catch (error) {
    throw unreadable(path, error);
  }
}

/** The first record of a JSONL file, or `undefined` when it has none or its first line is not one. */
export function readFirstRecord(path: string): JsonObject | undefined {
  let bytes = Buffer.alloc(0);
  const file = guardOpen(path);
  try {
    let begin = 0;
    while (bytes.length < FIRST_RECORD_BYTES_MAX) {
      const end = bytes.indexOf(LINE_FEED, begin);
      if (end !== -1) {
        const line = bytes.subarray(begin, end);
        if (line.toString('utf8').trim() !== '') return parseLine(line, () => {});
        begin = end + 1;
        continue;
      }
      const more = Buffer.alloc(READ_BYTES);
      const count = readSync(file, more, 0, READ_BYTES, null);
      if (count === 0) return parseLine(bytes.subarray(begin), () => {});
      bytes = Buffer.concat([bytes.subarray(begin), more.subarray(0, count)]);
      begin = 0;
    }
    return undefined;
  } catch (error) {
    throw unreadable(path, error);
  } finally {
    closeSync(file);
  }
}

function guardOpen(path: string): number {
  try {
    return openSync(path, 'r');
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): DatasetError {
  return new DatasetError('AIPERF_DATASET_INPUT_FILE', `--input-file: cannot read ${path}: ${messageOf(error)}`, {
    cause: error,
  });
}

function parseLine(bytes: Buffer, complain: (what: string) => void): JsonObject | undefined {
  if (!isUtf8(bytes)) {
    complain('expected UTF-8, found other bytes');
    return undefined;
  }
  // `trim` takes a byte order mark off as well.
  const text = bytes.toString('utf8').trim();
  if (text === '') return undefined;
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
    complain(`expected a JSON object, found ${showValue(value)}`);
  } catch (error) {
    complain(`expected a JSON object on one line: ${messageOf(error)}`);
  }
  return undefined;
}

/** True for what JSON calls an object. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
