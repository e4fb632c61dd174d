import type { EndpointConfig, EndpointType, InputConfig } from '@aiperf/config';
import type { Turn } from '@aiperf/dataset';
import type { Timeline } from '../transport.ts';
import type { ParsedResponse } from './parsed-response.ts';

/** Options that decide how a body is written. */
export type BodyConfig = Pick<EndpointConfig, 'streaming' | 'useLegacyMaxTokens'> & Pick<InputConfig, 'extraInputs'>;

/** Reads responses one after the other, reusing its buffers. */
export interface ResponseParser {
  /** The result is overwritten by the next call. Nothing is thrown for a bad response: it is the result's `error`. */
  parseResponse(record: { readonly timeline: Timeline }): ParsedResponse;
}

/** How one kind of server API is spoken: bodies out, responses in. */
export interface Endpoint {
  readonly type: EndpointType;
  readonly method: 'POST';
  /** Used when the configuration names no path. */
  readonly defaultPath: string;
  acceptHeader(streaming: boolean): string;
  /** The complete request body of one turn, UTF-8. */
  renderBody(turn: Turn, config: BodyConfig): Uint8Array;
  createParser(): ResponseParser;
}
