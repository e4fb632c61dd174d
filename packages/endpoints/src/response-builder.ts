import { grown, type RequestError } from '@aiperf/records';
import type { ParsedResponse, TextAnswer, TokenUsage } from './parsed-response.ts';
import type { SpecDecoding } from './spec-decoding.ts';

/** What one choice has said so far. */
interface Choice {
  readonly index: number;
  text: string;
  reasoningText: string;
  toolCallText: string;
  finishReason: string | undefined;
}

/** A {@link ParsedResponse} of text being filled; reused for response after response. */
export class ResponseBuilder implements ParsedResponse<TextAnswer> {
  readonly answer: { -readonly [K in keyof TextAnswer]: TextAnswer[K] } = {
    kind: 'text',
    text: '',
    reasoningText: '',
    toolCallText: '',
  };
  contentTimesNs: Float64Array = new Float64Array(256);
  contentReadIndexes: Uint32Array = new Uint32Array(256);
  contentEventCount = 0;
  maxContentEventsPerRead = 0;
  eventCount = 0;
  firstContentNs: number = Number.NaN;
  firstReasoningNs: number = Number.NaN;
  firstOutputNs: number = Number.NaN;
  lastContentNs: number = Number.NaN;
  lastEventNs: number = Number.NaN;
  finishReason: string | undefined = undefined;
  usage: TokenUsage | undefined = undefined;
  firstContentTokens: number = Number.NaN;
  specDecoding: SpecDecoding | undefined = undefined;
  sawDone = false;
  error: RequestError | undefined = undefined;

  #choices: Choice[] = [];
  #eventsOfRead = 0;

  reset(): void {
    this.answer.text = '';
    this.answer.reasoningText = '';
    this.answer.toolCallText = '';
    this.contentEventCount = 0;
    this.maxContentEventsPerRead = 0;
    this.eventCount = 0;
    this.firstContentNs = Number.NaN;
    this.firstReasoningNs = Number.NaN;
    this.firstOutputNs = Number.NaN;
    this.lastContentNs = Number.NaN;
    this.lastEventNs = Number.NaN;
    this.finishReason = undefined;
    this.usage = undefined;
    this.firstContentTokens = Number.NaN;
    this.specDecoding = undefined;
    this.sawDone = false;
    this.error = undefined;
    this.#choices = [];
    this.#eventsOfRead = 0;
  }

  /** The choice with this index, begun when it is new. */
  choice(index: number): Choice {
    const [first] = this.#choices;
    // Nearly every answer has one choice, and a search is a call.
    if (first !== undefined && first.index === index) return first;
    let choice = this.#choices.find((each) => each.index === index);
    if (choice === undefined) {
      choice = { index, text: '', reasoningText: '', toolCallText: '', finishReason: undefined };
      this.#choices.push(choice);
    }
    return choice;
  }

  /** Every choice that began has a finish reason, and at least one did. */
  get isFinished(): boolean {
    for (const { finishReason } of this.#choices) if (finishReason === undefined) return false;
    return this.#choices.length > 0;
  }

  /** Stamps one content event, which may hold reasoning, output or both. */
  addContentEvent(timeNs: number, readIndex: number, hasReasoning: boolean, hasOutput: boolean): void {
    const count = this.contentEventCount;
    if (count === this.contentTimesNs.length) this.#grow();
    const isSameRead = count > 0 && this.contentReadIndexes[count - 1] === readIndex;
    this.contentTimesNs[count] = timeNs;
    this.contentReadIndexes[count] = readIndex;
    this.contentEventCount = count + 1;
    this.#eventsOfRead = isSameRead ? this.#eventsOfRead + 1 : 1;
    if (this.#eventsOfRead > this.maxContentEventsPerRead) this.maxContentEventsPerRead = this.#eventsOfRead;
    if (count === 0) this.firstContentNs = timeNs;
    this.lastContentNs = timeNs;
    if (hasReasoning && Number.isNaN(this.firstReasoningNs)) this.firstReasoningNs = timeNs;
    if (hasOutput && Number.isNaN(this.firstOutputNs)) this.firstOutputNs = timeNs;
  }

  /** Joins the choices. */
  finish(): void {
    const choices = this.#choices;
    const answer = this.answer;
    if (choices.length > 1) choices.sort((a, b) => a.index - b.index);
    for (const choice of choices) {
      answer.text += choice.text;
      answer.reasoningText += choice.reasoningText;
      answer.toolCallText += choice.toolCallText;
      this.finishReason ??= choice.finishReason;
    }
  }

  #grow(): void {
    const length = this.contentTimesNs.length + 1;
    this.contentTimesNs = grown(this.contentTimesNs, length);
    this.contentReadIndexes = grown(this.contentReadIndexes, length);
  }
}
