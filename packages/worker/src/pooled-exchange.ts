import type { CancelTimer } from '@aiperf/timing';
import type { FirstContentSearch } from './first-content.ts';
import { RequestRecord } from '@aiperf/records';
import type { Exchange, OutgoingRequest } from '@aiperf/transport';
import type { Session } from './waiting-sessions.ts';

/** What happens to an exchange; see `Exchange`. */
export interface ExchangeOwner {
  onEnd(exchange: PooledExchange): void;
  onSent(exchange: PooledExchange): void;
  onBody(exchange: PooledExchange): void;
}

/** One request from its credit to its record; used again and again, so that a running load allocates next to nothing. */
export class PooledExchange extends RequestRecord implements Exchange {
  isFinalTurn = true;
  /** From the credit; NaN: it is not to be cancelled. */
  cancelAfterNs: number = Number.NaN;
  /** The turns before this one; absent for a first turn. */
  session: Session | undefined = undefined;
  /** The turn has ended, but whether and how the session goes on is not known yet. */
  hasUnreadReply = false;
  stopCancelTimer: CancelTimer | undefined = undefined;
  /** Its response is in the list of those to be looked at. */
  hasGrown = false;
  readonly firstContentSearch: FirstContentSearch = { position: 0, searchedBytes: 0 };
  readonly request: { urlIndex: number; variableHeaders: string[]; body: Uint8Array } & OutgoingRequest;
  readonly onEnd: (exchange: Exchange) => void;
  onSent: ((exchange: Exchange) => void) | undefined = undefined;
  onBody: ((exchange: Exchange) => void) | undefined = undefined;
  /** For {@link onSent} of a request that is to be cancelled. */
  readonly startsCancelTimer: () => void;
  readonly #seeksFirstContent: () => void;

  constructor(owner: ExchangeOwner) {
    super();
    this.request = { urlIndex: 0, variableHeaders: [], body: new Uint8Array(0) };
    this.onEnd = () => owner.onEnd(this);
    this.startsCancelTimer = () => owner.onSent(this);
    this.#seeksFirstContent = () => owner.onBody(this);
  }

  /** The first token of this request frees a slot. */
  beginSeekingFirstContent(): void {
    this.firstContentSearch.position = 0;
    this.firstContentSearch.searchedBytes = 0;
    this.onBody = this.#seeksFirstContent;
  }
}
