import type { UserConfig } from '@aiperf/config';
import type { Conversation, Turn } from './conversation.ts';
import { createConversationNames } from './conversation-names.ts';
import { isJsonObject } from './loaders/json-lines.ts';
import type { RecordedContent, RecordedConversation, RecordedTurn } from './loaders/input-format.ts';
import type { BlockPrompt, PromptGenerator } from './synthetic/prompt-generator.ts';

/** Turns made at a time, so that a tokenizer counts many texts in one call; few, because recorded prompts are long. */
const BATCH_TURNS = 64;

/** The part of the configuration that conversations from a file depend on. */
export interface RecordedConfig {
  readonly endpoint: Pick<UserConfig['endpoint'], 'modelNames'>;
  readonly input: Pick<UserConfig['input'], 'randomSeed'>;
  readonly conversation: Pick<UserConfig['conversation'], 'turnDelayRatio'>;
}

/** What texts are made and counted with. */
export interface RecordedTexts {
  readonly prompts: PromptGenerator;
  readonly blockSizeTokens: number;
  /** Numbers of tokens of texts that the file holds itself. */
  readonly countAll: (texts: readonly string[]) => readonly number[];
}

/** Conversations of an input file with their texts made or counted, in file order. Models take turns, one a request. */
export function* makeRecordedConversations(
  recorded: readonly RecordedConversation[],
  config: RecordedConfig,
  texts: RecordedTexts,
): Generator<Conversation> {
  const taken = new Set(recorded.flatMap(({ id }) => (id === undefined ? [] : [id])));
  const nextName = createConversationNames(config.input.randomSeed, taken);
  const { modelNames } = config.endpoint;
  let turnCount = 0;
  const nextModel = (): string => {
    turnCount += 1;
    return modelNames[(turnCount - 1) % modelNames.length] ?? '';
  };
  for (const batch of batchesOf(recorded)) {
    const contents = makeContents(
      batch.flatMap(({ turns }) => turns.map(({ content }) => content)),
      texts,
    ).values();
    for (const { id, turns } of batch) {
      const made: Turn[] = [];
      for (const turn of turns) {
        const content = contents.next().value ?? { text: '', inputTokens: 0 };
        const attributes = attributesOf(turn, config.conversation.turnDelayRatio);
        made.push({ role: 'user', ...content, model: nextModel(), ...attributes });
      }
      yield { id: id ?? nextName(), turns: made };
    }
  }
}

/** True when there are texts that must be counted. */
export function hasOwnTexts(recorded: readonly RecordedConversation[]): boolean {
  return recorded.some(({ turns }) => turns.some(({ content }) => content.kind !== 'length'));
}

function* batchesOf(recorded: readonly RecordedConversation[]): Generator<readonly RecordedConversation[]> {
  let batch: RecordedConversation[] = [];
  let turnCount = 0;
  for (const conversation of recorded) {
    batch.push(conversation);
    turnCount += conversation.turns.length;
    if (turnCount < BATCH_TURNS) continue;
    yield batch;
    batch = [];
    turnCount = 0;
  }
  if (batch.length > 0) yield batch;
}

function attributesOf(
  { outputTokens, timestampMs, delayMs, extra }: RecordedTurn,
  delayRatio: number,
): Pick<Turn, 'maxOutputTokens' | 'timestampMs' | 'delayMs' | 'extra'> {
  return {
    ...(outputTokens === undefined ? {} : { maxOutputTokens: outputTokens }),
    ...(timestampMs === undefined ? {} : { timestampMs }),
    ...(delayMs === undefined || delayMs * delayRatio === 0 ? {} : { delayMs: delayMs * delayRatio }),
    ...(extra === undefined ? {} : { extra }),
  };
}

type TurnContent = Pick<Turn, 'text' | 'messages' | 'tools' | 'payload' | 'inputTokens'>;

/** In the order of `contents`: all prompts are made in one call, and all recorded texts counted in another. */
function makeContents(contents: readonly RecordedContent[], texts: RecordedTexts): readonly TurnContent[] {
  const wanted: BlockPrompt[] = [];
  const known: string[] = [];
  for (const content of contents) {
    if (content.kind === 'length') wanted.push(content);
    else known.push(...textsOf(content));
  }
  const made = texts.prompts.generateFromBlocks(wanted, texts.blockSizeTokens).values();
  const counts = (known.length === 0 ? [] : texts.countAll(known)).values();
  return contents.map((content): TurnContent => {
    if (content.kind === 'length') return { text: made.next().value ?? '', inputTokens: content.tokenCount };
    // Each text is counted by itself, as are the turns of a live history.
    const inputTokens = textsOf(content).reduce((sum) => sum + (counts.next().value ?? 0), 0);
    switch (content.kind) {
      case 'text':
        return { text: content.text, inputTokens };
      case 'messages': {
        const { messages, tools } = content;
        return { text: '', messages, inputTokens, ...(tools === undefined ? {} : { tools }) };
      }
      case 'payload':
        return { text: '', payload: content.payload, inputTokens };
    }
  });
}

/** What a model reads of it, for counting: the texts of messages or of a prompt. */
function textsOf(content: Exclude<RecordedContent, { kind: 'length' }>): readonly string[] {
  switch (content.kind) {
    case 'text':
      return [content.text];
    case 'messages':
      return content.messages.flatMap((message) => partsOf(message['content']));
    case 'payload': {
      const { messages, prompt } = content.payload;
      if (!Array.isArray(messages)) return partsOf(prompt);
      return messages.filter(isJsonObject).flatMap((message) => partsOf(message['content']));
    }
  }
}

/** A text, or the texts of a list of texts and of parts that may have one. */
function partsOf(content: unknown): readonly string[] {
  if (typeof content === 'string') return [content];
  if (!Array.isArray(content)) return [];
  return (content as readonly unknown[])
    .map((part) => (isJsonObject(part) ? part['text'] : part))
    .filter((part) => typeof part === 'string');
}
