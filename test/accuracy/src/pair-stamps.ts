import type { ClientRow, ClientRows } from './client-rows.ts';
import type { ServerStamps } from './mock-server-process.ts';

/** One request as both sides stamped it. Instants of both are ns since the client's origin. */
export interface StampPair {
  readonly client: ClientRow;
  readonly receivedNs: number;
  readonly writeNs: Float64Array;
  /** Tokens that the server sent. */
  readonly serverTokens: number;
}

/** In the order in which the server received the requests. */
export type PairedStamps = readonly StampPair[];

/** Joins rows and send log by request id. Both sides must know the same requests, once each. */
export function pairStamps({ originNs, rows }: ClientRows, serverStamps: readonly ServerStamps[]): PairedStamps {
  if (!Number.isFinite(originNs)) throw new Error('the record file does not say when its clock began');
  const byId = new Map(serverStamps.map((stamps) => [stamps.requestId, stamps]));
  if (rows.length === 0 || byId.size !== serverStamps.length || rows.length !== serverStamps.length) {
    throw new Error(
      `the client has ${rows.length} requests, the server ${serverStamps.length} (${byId.size} different ids)`,
    );
  }
  return rows
    .map((client): StampPair => {
      const stamps = byId.get(client.requestId);
      if (stamps?.outcome !== 'completed') {
        throw new Error(`request ${client.requestId} is ${stamps?.outcome ?? 'unknown'} at the server`);
      }
      return {
        client,
        receivedNs: stamps.receivedNs - originNs,
        writeNs: Float64Array.from(stamps.tokenWriteNs, (time) => time - originNs),
        serverTokens: stamps.outputTokens,
      };
    })
    .sort((a, b) => a.receivedNs - b.receivedNs);
}
