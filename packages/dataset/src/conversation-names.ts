import { randomUUID } from 'node:crypto';

/**
 * Names conversations that have none: `session_000000` … with a seed, so that two runs can be compared, and UUIDs without. Names in
 * `taken` are passed over.
 */
export function createConversationNames(seed: number | undefined, taken?: ReadonlySet<string>): () => string {
  if (seed === undefined) return randomUUID;
  let next = 0;
  return () => {
    for (;;) {
      const name = `session_${String(next).padStart(6, '0')}`;
      next += 1;
      if (taken?.has(name) !== true) return name;
    }
  };
}
