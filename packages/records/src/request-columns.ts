/** Types of columns of the result file. `timestamp` is nanoseconds in UTC. */
export type RowColumnType = 'utf8' | 'bool' | 'int32' | 'int64' | 'timestamp';

/** A column of the result file that is no metric. */
export interface RowColumn {
  readonly name: string;
  readonly type: RowColumnType;
  readonly kind: 'identity' | 'time' | 'status';
  /** What it holds, in words. */
  readonly header: string;
  readonly nullable: boolean;
}

/** A number that every request leaves behind. One whose name ends in `Ns` is in run nanoseconds, or a duration. */
interface NumberColumn {
  /** A request's value before anything has set it. Unknown is NaN: the point was not reached, or there is no such number. */
  readonly initial: 'unknown' | 'zero';
  /** True: the program reads and writes it as a boolean. */
  readonly isFlag?: true;
  /** Its column of the result file; absent: it has none of its own. */
  readonly row?: readonly [
    name: string,
    type: RowColumnType,
    kind: RowColumn['kind'],
    header: string,
    nullable?: 'nullable',
  ];
}

/** What a request is and when it may be sent: set from its credit, or by the worker. */
const CREDIT_COLUMNS = {
  creditId: { initial: 'zero' },
  sessionNumber: { initial: 'zero', row: ['session_num', 'int64', 'identity', 'Session number within the phase'] },
  conversationIndex: { initial: 'zero' },
  turnIndex: { initial: 'zero', row: ['turn_index', 'int32', 'identity', 'Turn within the conversation'] },
  phaseIndex: { initial: 'zero', row: ['phase_index', 'int32', 'identity', 'Phase'] },
  /** Ended by the client because the run ended, or on purpose; neither valid nor failed. */
  cancelled: {
    initial: 'zero',
    isFlag: true,
    row: ['was_cancelled', 'bool', 'status', 'Cancelled in flight; takes part in no metric'],
  },
  /** When the right to send existed: the credit's issue, or the moment its slot became free where credits are leased ahead. */
  creditIssuedNs: { initial: 'unknown', row: ['credit_issued_ns', 'timestamp', 'time', 'Credit issued'] },
  /** NaN in a closed loop. */
  dueNs: {
    initial: 'unknown',
    row: ['due_ns', 'timestamp', 'time', 'Due to be sent; null in a closed loop', 'nullable'],
  },
  /** From the end of the slot's previous request to this one's start; NaN for a slot's first request and in an open loop. */
  turnaroundNs: { initial: 'unknown' },
  /** Tokens of the user's texts in the request, from the dataset store: this turn's and those of the turns before it. */
  inputTokens: { initial: 'unknown' },
  /** Output length that was asked for; NaN: none was. */
  maxOutputTokens: { initial: 'unknown' },
} as const;

/** What happened on the wire: set by the transport. */
const EXCHANGE_COLUMNS = {
  /** The request was handed to the transport. */
  queuedNs: {
    initial: 'unknown',
    row: ['request_queued_ns', 'timestamp', 'time', 'Handed to the transport', 'nullable'],
  },
  /** A new connection was begun; NaN on a reused connection. */
  connectStartNs: { initial: 'unknown' },
  dnsEndNs: { initial: 'unknown' },
  connectEndNs: { initial: 'unknown' },
  /** The request's bytes were handed to the socket. Zero point of every latency. */
  startNs: {
    initial: 'unknown',
    row: ['request_start_ns', 'timestamp', 'time', 'Request bytes handed to the socket', 'nullable'],
  },
  /** The socket took all bytes of the request. */
  sendEndNs: {
    initial: 'unknown',
    row: ['request_send_end_ns', 'timestamp', 'time', 'Socket took all request bytes', 'nullable'],
  },
  /** Status line and headers were complete. */
  headersNs: {
    initial: 'unknown',
    row: ['request_ack_ns', 'timestamp', 'time', 'Status line and headers complete', 'nullable'],
  },
  /** The response was complete by its framing, or the exchange ended with an error. */
  endNs: {
    initial: 'unknown',
    row: ['request_end_ns', 'timestamp', 'time', 'Response complete or failed', 'nullable'],
  },
  status: { initial: 'zero' },
  /** 1 when an empty reply on a reused connection made the request be sent once more; `startNs` is then the second send. */
  resentCount: {
    initial: 'zero',
    row: ['resent_count', 'int32', 'status', 'Times the request was sent again after an empty reply'],
  },
  /** Time lost before the second send. 0 when the request was sent once. */
  resendNs: { initial: 'zero', row: ['resend_ns', 'int64', 'time', 'Time lost before the second send'] },
  connectionReused: {
    initial: 'zero',
    isFlag: true,
    row: ['connection_reused', 'bool', 'status', 'Sent on a connection used before'],
  },
  requestBytes: { initial: 'zero' },
  /** Bytes of the response as they came from the socket, framing and headers included. */
  responseBytes: { initial: 'zero' },
  /** Socket reads that belong to this response. */
  responseReads: { initial: 'zero', row: ['response_reads', 'int32', 'status', 'Socket reads of the response'] },
  /** HTTP status of the error, where it has one of its own; set when the record is stored. */
  errorHttpStatus: { initial: 'unknown' },
} as const;

type NumbersOf<Columns> = {
  -readonly [Name in keyof Columns]: Columns[Name] extends { readonly isFlag: true } ? boolean : number;
};

/** One request's numbers in a row of their own, in the order of the table, behind the accessors of its subtypes. */
export interface NumberRow {
  readonly numbers: Float64Array;
}

/** Numbers that belong to the credit, by name. */
export interface CreditNumbers extends NumberRow, NumbersOf<typeof CREDIT_COLUMNS> {}

/** Numbers that the transport stamps, by name. */
export interface ExchangeNumbers extends NumberRow, NumbersOf<typeof EXCHANGE_COLUMNS> {}

/** All numbers of a request, by name. */
export interface RequestNumbers extends CreditNumbers, ExchangeNumbers {}

/**
 * Every number of a request is named here, once. Its place in the row of a request, its column of a raw batch, its accessors and its column
 * of the result file follow, so that a new one is a line of this table, the place where it is set, and the place where it is used.
 *
 * They are kept as doubles in one row, because copying a row takes a tenth of the time of storing as many fields one by one.
 */
const REQUEST_COLUMNS: Readonly<Record<string, NumberColumn>> = { ...CREDIT_COLUMNS, ...EXCHANGE_COLUMNS };

/** Names of all numbers in their order. */
export const NUMBER_NAMES: readonly string[] = Object.keys(REQUEST_COLUMNS);

/** Place of the first number of the transport. */
const FIRST_EXCHANGE_NUMBER = Object.keys(CREDIT_COLUMNS).length;

/** A row in which nothing has been set. */
const INITIAL_ROW = Float64Array.from(Object.values(REQUEST_COLUMNS), ({ initial }) =>
  initial === 'zero' ? 0 : Number.NaN,
);

/** Columns of the result file that are numbers of a request, with their places in the row. */
export const STAMP_COLUMNS: readonly (RowColumn & { readonly number: number })[] = Object.values(
  REQUEST_COLUMNS,
).flatMap(({ row }, number) => {
  if (row === undefined) return [];
  const [name, type, kind, header, nullable] = row;
  return [{ name, type, kind, header, nullable: nullable !== undefined, number }];
});

class Row implements NumberRow {
  readonly numbers: Float64Array;

  /** `numbers` is shared, not copied. */
  constructor(numbers: Float64Array = INITIAL_ROW.slice()) {
    this.numbers = numbers;
  }
}

for (const [name, { isFlag = false }] of Object.entries(REQUEST_COLUMNS)) {
  const place = NUMBER_NAMES.indexOf(name);
  Object.defineProperty(
    Row.prototype,
    name,
    isFlag
      ? {
          get(this: Row): boolean {
            return this.numbers[place] === 1;
          },
          set(this: Row, value: boolean) {
            this.numbers[place] = value ? 1 : 0;
          },
        }
      : {
          get(this: Row): number {
            return this.numbers[place] as number;
          },
          set(this: Row, value: number) {
            this.numbers[place] = value;
          },
        },
  );
}

/** Bases of what holds a request's numbers. All have the accessors of all; the types show those that are theirs. */
export const CreditRow: new (numbers?: Float64Array) => CreditNumbers = Row as never;
export const ExchangeRow: new (numbers?: Float64Array) => ExchangeNumbers = Row as never;
export const RequestRow: new (numbers?: Float64Array) => RequestNumbers = Row as never;

/** Forgets what the transport stamped. */
export function clearExchange({ numbers }: ExchangeNumbers): void {
  for (let i = FIRST_EXCHANGE_NUMBER; i < numbers.length; i++) numbers[i] = INITIAL_ROW[i] as number;
}
