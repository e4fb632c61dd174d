/** Types of columns that are written. */
export type ColumnType =
  | 'float64'
  | 'uint32'
  | 'int32'
  | 'int64'
  | 'bool'
  | 'utf8'
  | 'binary'
  /** Nanoseconds since the epoch, in UTC. */
  | 'timestamp'
  | ColumnField;

/** One column, or the items of a list, whose type is their field. */
export interface ColumnField {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  readonly metadata?: ReadonlyMap<string, string>;
}
