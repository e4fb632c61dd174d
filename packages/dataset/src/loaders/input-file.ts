import type { UserConfig } from '@aiperf/config';
import type { JsonObject } from '../conversation.ts';
import { DatasetError } from '../dataset-error.ts';
import { INPUT_FORMATS } from './formats.ts';
import type { InputFormat, RecordedConversation } from './input-format.ts';
import { InputProblems, showValue } from './input-problems.ts';
import { readFirstRecord } from './json-lines.ts';

/** The part of the configuration that reading an input file depends on. */
export interface InputFileConfig {
  readonly input: Pick<UserConfig['input'], 'customDatasetType'>;
  readonly phases: readonly Pick<UserConfig['phases'][number], 'mode'>[];
}

/** What an input file holds. */
export interface RecordedDataset {
  readonly format: InputFormat;
  /** In file order; at least one. */
  readonly conversations: readonly RecordedConversation[];
}

/**
 * True when the first record of an input file says when it was sent, so that the file is played as a schedule unless the user says
 * otherwise. Reads no more than that record; throws when there is none.
 */
export function isTimedInputFile(path: string): boolean {
  const record = readFirstRecord(path);
  if (record === undefined) {
    throw new DatasetError('AIPERF_DATASET_INPUT_FILE', `${path}: expected a JSON object on the first line`);
  }
  return formatOf(path, record).hasTimestamp(record);
}

/**
 * Reads and checks an input file. Throws one {@link DatasetError} that names every bad line, its field and what was expected (the first 20
 * of them), before anything is made of the file.
 */
export async function readInputFile(path: string, config: InputFileConfig): Promise<RecordedDataset> {
  const format = chooseFormat(path, config.input.customDatasetType);
  const problems = new InputProblems(path);
  const conversations = await format.read(path, problems);
  if (conversations.length === 0 && problems.count === 0)
    problems.add(0, 'expected at least one record, the file is empty');
  for (const conversation of conversations) checkFirstDelay(conversation, problems);
  if (config.phases.some(({ mode }) => mode === 'fixed_schedule')) checkSchedule(conversations, problems);
  problems.throwIfAny();
  return { format, conversations };
}

function chooseFormat(path: string, type: string | undefined): InputFormat {
  const [first] = INPUT_FORMATS;
  const named = INPUT_FORMATS.find((format) => format.type === type);
  if (named !== undefined) return named;
  const record = readFirstRecord(path);
  // A first line that is no record is a problem in every format, and its reader says what is wrong with it.
  return record === undefined ? first : formatOf(path, record);
}

function formatOf(path: string, record: JsonObject): InputFormat {
  const found = INPUT_FORMATS.find((format) => format.recognizes(record));
  if (found !== undefined) return found;
  throw new DatasetError(
    'AIPERF_DATASET_INPUT_FILE',
    `${path}: the format cannot be told from its first record ${showValue(record)}; ` +
      `--custom-dataset-type takes ${INPUT_FORMATS.map((format) => format.type).join(', ')}`,
  );
}

function checkFirstDelay({ turns }: RecordedConversation, problems: InputProblems): void {
  const [first] = turns;
  if (first?.delayMs === undefined || first.delayMs === 0) return;
  problems.add(
    first.lineNumber,
    `delay: expected none on the first turn of a conversation, which no other comes before, found ${first.delayMs}`,
  );
}

/** A schedule needs the time of each conversation's first turn, and times that never go back: one that does is a mistake of its writer. */
function checkSchedule(conversations: readonly RecordedConversation[], problems: InputProblems): void {
  let latest: { readonly lineNumber: number; readonly timestampMs: number } | undefined;
  for (const { turns } of conversations) {
    const [first] = turns;
    if (first === undefined) continue;
    const { lineNumber, timestampMs } = first;
    if (timestampMs === undefined) {
      if (problems.hasLine(lineNumber)) continue;
      problems.add(
        lineNumber,
        'timestamp: expected one on the first turn of a conversation, a fixed schedule needs it',
      );
      continue;
    }
    if (latest !== undefined && timestampMs < latest.timestampMs) {
      problems.add(lineNumber, describeBackwards(timestampMs, latest));
    } else {
      latest = { lineNumber, timestampMs };
    }
    checkTurnOrder(turns, problems);
  }
}

function checkTurnOrder(turns: RecordedConversation['turns'], problems: InputProblems): void {
  let latest: { readonly lineNumber: number; readonly timestampMs: number } | undefined;
  for (const { lineNumber, timestampMs } of turns) {
    if (timestampMs === undefined) continue;
    if (latest !== undefined && timestampMs < latest.timestampMs) {
      problems.add(lineNumber, describeBackwards(timestampMs, latest));
    } else {
      latest = { lineNumber, timestampMs };
    }
  }
}

function describeBackwards(
  timestampMs: number,
  latest: { readonly lineNumber: number; readonly timestampMs: number },
): string {
  return `timestamp: expected at least ${latest.timestampMs}, as on line ${latest.lineNumber} before it, found ${timestampMs}; sort the file by time`;
}
