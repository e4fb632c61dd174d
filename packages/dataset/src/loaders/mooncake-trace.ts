import { nearestName } from '@aiperf/nearest-name';
import type { JsonObject } from '../conversation.ts';
import type { InputFormat, RecordedContent, RecordedConversation, RecordedTurn } from './input-format.ts';
import { showValue } from './input-problems.ts';
import type { InputProblems } from './input-problems.ts';
import { readJsonLines } from './json-lines.ts';
import { RecordFields } from './record-fields.ts';
import { SessionGroups } from './session-groups.ts';

const TYPE = 'mooncake_trace';
const BLOCK_SIZE_TOKENS = 512;

/** What a request sends: exactly one of them. */
const CONTENT_FIELDS = ['input_length', 'text_input', 'messages', 'payload'] as const;

/**
 * Traces as Mooncake publishes them (github.com/kvcache-ai/Mooncake), with AIPerf's additions: JSONL, one request a line. `timestamp` and
 * `delay` are milliseconds; `hash_ids` name the prompt's blocks of 512 tokens, the last of which may be shorter. Records with the same
 * `session_id` are the turns of one conversation. Unknown fields are ignored.
 */
export const mooncakeTrace: InputFormat = {
  type: TYPE,
  blockSizeTokens: BLOCK_SIZE_TOKENS,
  recognizes: (record) => CONTENT_FIELDS.some((name) => (record[name] ?? undefined) !== undefined),
  hasTimestamp: (record) => (record['timestamp'] ?? undefined) !== undefined,
  read,
};

async function read(path: string, problems: InputProblems): Promise<readonly RecordedConversation[]> {
  const sessions = new SessionGroups();
  for await (const lines of readJsonLines(path, problems)) {
    for (const { lineNumber, record } of lines) {
      const fields = new RecordFields(record, lineNumber, problems);
      const turn = parseTurn(fields, record, lineNumber);
      sessions.add(fields.string('session_id'), turn);
    }
  }
  const conversations = sessions.conversations();
  for (const { id, turns } of conversations) checkContext(id, turns, problems);
  return conversations;
}

function parseTurn(fields: RecordFields, record: JsonObject, lineNumber: number): RecordedTurn {
  if (fields.has('type') && record['type'] !== TYPE) {
    fields.complain(`type: expected ${showValue(TYPE)}, found ${showValue(record['type'])}`);
  }
  const outputTokens = fields.integer('output_length', 1);
  const timestampMs = fields.milliseconds('timestamp');
  const delayMs = fields.milliseconds('delay');
  const extra = fields.object('extra');
  return {
    lineNumber,
    // A line without one is a problem already; it keeps its place in its session, so that the next one is not taken for the first.
    content: parseContent(fields, record) ?? { kind: 'text', text: '' },
    ...(outputTokens === undefined ? {} : { outputTokens }),
    ...(timestampMs === undefined ? {} : { timestampMs }),
    ...(delayMs === undefined ? {} : { delayMs }),
    ...(extra === undefined ? {} : { extra }),
  };
}

function parseContent(fields: RecordFields, record: JsonObject): RecordedContent | undefined {
  const given = CONTENT_FIELDS.filter((name) => fields.has(name));
  const [field] = given;
  if (field === undefined || given.length > 1) {
    const found = given.length > 1 ? given.join(' and ') : describeNone(record);
    fields.complain(`expected exactly one of ${CONTENT_FIELDS.join(', ')}, found ${found}`);
    return undefined;
  }
  if (fields.has('hash_ids') && field !== 'input_length') fields.complain('hash_ids: expected only with input_length');
  if (fields.has('tools') && field !== 'messages') fields.complain('tools: expected only with messages');
  switch (field) {
    case 'input_length':
      return parseLength(fields);
    case 'text_input': {
      const text = fields.string('text_input');
      return text === undefined ? undefined : { kind: 'text', text };
    }
    case 'messages': {
      const messages = fields.objects('messages', 'role');
      const tools = fields.objects('tools');
      if (messages === undefined) return undefined;
      return { kind: 'messages', messages, ...(tools === undefined ? {} : { tools }) };
    }
    case 'payload': {
      const payload = fields.object('payload');
      return payload === undefined ? undefined : { kind: 'payload', payload };
    }
  }
}

function parseLength(fields: RecordFields): RecordedContent | undefined {
  const tokenCount = fields.integer('input_length', 1);
  const blockIds = fields.integers('hash_ids') ?? [];
  if (tokenCount === undefined) return undefined;
  const blocks = Math.ceil(tokenCount / BLOCK_SIZE_TOKENS);
  if (blockIds.length > 0 && blockIds.length !== blocks) {
    fields.complain(
      `hash_ids: expected ${blocks}, one for each block of ${BLOCK_SIZE_TOKENS} of the ${tokenCount} tokens of input_length, ` +
        `found ${blockIds.length}`,
    );
  }
  return { kind: 'length', tokenCount, blockIds };
}

/** A field that was probably meant, where there is one. */
function describeNone(record: JsonObject): string {
  for (const name of Object.keys(record)) {
    const meant = nearestName(name, CONTENT_FIELDS);
    if (meant !== undefined) return `${name}; did you mean ${meant}?`;
  }
  return 'none of them';
}

/** A recorded history cannot follow a turn whose reply is only known when it comes, nor the other way round. */
function checkContext(id: string | undefined, turns: readonly RecordedTurn[], problems: InputProblems): void {
  const [first] = turns;
  if (first === undefined) return;
  for (const { content, lineNumber } of turns) {
    const isKnown = !problems.hasLine(lineNumber) && !problems.hasLine(first.lineNumber);
    if (isKnown && contextOf(content) !== contextOf(first.content)) {
      problems.add(
        lineNumber,
        `session_id ${showValue(id)}: expected ${contextOf(first.content)} as on line ${first.lineNumber}, ` +
          `found ${contextOf(content)}: a session keeps to one of them`,
      );
    }
  }
}

function contextOf({ kind }: RecordedContent): string {
  return kind === 'messages' || kind === 'payload' ? kind : 'input_length or text_input';
}
