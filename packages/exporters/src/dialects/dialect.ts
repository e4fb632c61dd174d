import type { DialectName } from './dialect-names.ts';
import type { DialectRequests } from './dialect-requests.ts';
import type { LoadFacts } from './load-facts.ts';

/** One thing that a tool counts or prints otherwise than AIPerf, in one line each. */
export interface DialectDifference {
  /** Metric or part of the report, as the tool calls it. */
  readonly subject: string;
  readonly text: string;
}

/** What a report is made from. */
export interface DialectInput {
  readonly requests: DialectRequests;
  readonly load: LoadFacts;
  /** Zone of printed wall times. Default: that of this machine. */
  readonly timeZone?: string;
}

/** How another tool reports the same requests. */
export interface Dialect {
  readonly name: DialectName;
  /** The command whose output it is. */
  readonly tool: string;
  /** Public files from which the definitions were taken, as `owner/name path`, with the revision that was read. */
  readonly sources: readonly string[];
  readonly differences: readonly DialectDifference[];
  /** The text that the tool would have printed; a function of the requests and the load alone. */
  render(input: DialectInput): Promise<string>;
}
