import type { Endpoint } from '@aiperf/endpoints';
import type { RequestRecord } from '@aiperf/records';

/** Request bodies as they were stored before the load, by conversation and turn. */
export interface StoredTurns {
  turn(conversationIndex: number, turnIndex: number): { readonly body: Uint8Array };
}

/**
 * The body that a worker sent, put together again from the dataset store and the replies that the record names: the worker keeps no copy,
 * and a record of a long session would carry the session once a turn.
 */
export function sentBody(store: StoredTurns, endpoint: Endpoint, record: RequestRecord): Uint8Array {
  const { conversationIndex, turnIndex, historyReplies } = record;
  const { body } = store.turn(conversationIndex, turnIndex);
  if (historyReplies.length === 0) return body;
  const history = endpoint.createHistory();
  for (const [index, text] of historyReplies.entries()) {
    // A history is told with the replies' texts alone.
    history.add(store.turn(conversationIndex, index).body, { text });
  }
  return history.compose(body);
}
