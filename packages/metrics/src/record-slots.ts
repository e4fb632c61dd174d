import {
  isContextOverflow,
  type ParsedResponse,
  type SpecDecoding,
  type TokenUsage,
  type VideoAnswer,
} from '@aiperf/endpoints';
import { grown, RequestRow, type RequestError, type RequestRecord } from '@aiperf/records';
import { isValidRecord, type ParsedRecord } from './parsed-record.ts';
import { NO_MEDIA, type RequestMedia } from './request-media.ts';

const INITIAL_EVENTS = 64;
const NO_USAGE: TokenUsage = {};

/**
 * A parsed record with its own buffers. Readers and parsers overwrite their results with the next record, but token counting wants many
 * texts at once, so a group of records is held in such slots.
 */
export class RecordSlot extends RequestRow implements ParsedRecord {
  firstBodyNs: number = Number.NaN;
  lastBodyNs: number = Number.NaN;
  contentNs: Float64Array = new Float64Array(INITIAL_EVENTS);
  contentReadIndexes: Uint32Array = new Uint32Array(INITIAL_EVENTS);
  contentCount = 0;
  beforeFirstContentNs: number = Number.NaN;
  beforeLastContentNs: number = Number.NaN;
  firstOutputNs: number = Number.NaN;
  outputTokens: number = Number.NaN;
  reasoningTokens: number = Number.NaN;
  firstContentTokens = 1;
  usage: TokenUsage = NO_USAGE;
  specDecoding: SpecDecoding | undefined = undefined;
  video: VideoAnswer | undefined = undefined;
  media: RequestMedia = NO_MEDIA;
  finishReason: string | undefined = undefined;
  error: RequestError | undefined = undefined;
  isValid = false;
  /** Set where texts are kept. */
  responseText = '';
  /** Failed because the prompt did not fit into the model's context. */
  isContextOverflow = false;
  #reportedFirstTokens: number = Number.NaN;

  /** Takes over everything but the token counts, and decides whether the record is valid. */
  fill(request: RequestRecord, response: ParsedResponse, media: RequestMedia = NO_MEDIA): void {
    const { timeline } = request;
    this.numbers.set(request.numbers);
    this.firstBodyNs = timeline.readCount === 0 ? Number.NaN : (timeline.readNs[0] ?? Number.NaN);
    this.lastBodyNs = timeline.readNs[timeline.readCount - 1] ?? Number.NaN;
    this.#fillContent(request, response);
    this.usage = response.usage ?? NO_USAGE;
    this.specDecoding = response.specDecoding;
    this.video = response.answer.kind === 'video' ? response.answer : undefined;
    this.media = media;
    this.#reportedFirstTokens = response.firstContentTokens;
    this.firstContentTokens = 1;
    this.finishReason = response.finishReason;
    this.error = response.error;
    this.outputTokens = Number.NaN;
    this.reasoningTokens = Number.NaN;
    this.isValid = isValidRecord(this);
    if (!this.isValid && this.error === undefined && !this.cancelled) this.error = invalidResult(this);
    this.isContextOverflow = this.error !== undefined && isContextOverflow(this.error);
  }

  /** Token counts as the server reported them; what it did not report stays unknown. */
  takeServerTokens(): void {
    const { promptTokens = Number.NaN, completionTokens = Number.NaN, reasoningTokens } = this.usage;
    this.inputTokens = promptTokens;
    // Some servers do not count reasoning as completion, and may report more of it.
    this.outputTokens = Math.max(0, completionTokens - (reasoningTokens ?? 0));
    this.reasoningTokens = reasoningTokens ?? Number.NaN;
    if (this.#reportedFirstTokens > 0) this.firstContentTokens = this.#reportedFirstTokens;
  }

  #fillContent({ timeline }: RequestRecord, response: ParsedResponse): void {
    const count = response.contentEventCount;
    if (count > this.contentNs.length) {
      this.contentNs = grown(this.contentNs, count);
      this.contentReadIndexes = grown(this.contentReadIndexes, count);
    }
    this.contentNs.set(response.contentTimesNs.subarray(0, count));
    this.contentReadIndexes.set(response.contentReadIndexes.subarray(0, count));
    this.contentCount = count;
    this.firstOutputNs = response.firstOutputNs;
    const before = (event: number): number => {
      const read = this.contentReadIndexes[event] ?? 0;
      return count === 0 ? Number.NaN : read === 0 ? timeline.headersNs : (timeline.readNs[read - 1] ?? Number.NaN);
    };
    this.beforeFirstContentNs = before(0);
    this.beforeLastContentNs = before(count - 1);
  }
}

/** A record that nothing failed in and that still cannot be measured; the name is AIPerf's. */
function invalidResult(slot: RecordSlot): RequestError {
  return {
    code: slot.contentCount === 0 ? 'empty_output' : 'invalid_response',
    type: 'InvalidInferenceResultError',
    message: `Expected content and 0 <= start < end; found ${slot.contentCount} content events, start ${slot.startNs} ns, end ${slot.endNs} ns.`,
  };
}
