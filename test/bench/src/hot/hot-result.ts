/** What the process of the hot functions prints, as one JSON line. */
export interface HotResult {
  /** Rows of a raw batch read back from its Arrow bytes. */
  readonly decodeRowsPerSec: number;
  /** Responses parsed, timeline to text and stamps. */
  readonly parseRowsPerSec: number;
  /** Record processor without tokenising: parse, metrics, Arrow row. */
  readonly rowsPerSec: number;
  /** The same with output tokens counted by the built-in tokenizer. */
  readonly countedRowsPerSec: number;
  /** Exact statistics of a column of a million values. */
  readonly summarizedValuesPerSec: number;
}
