import type { Timeline } from '@aiperf/records';

/** Whether a response is a stream of events: by content type; a server that names neither JSON nor a stream is judged by the first bytes. */
export function isEventStream(timeline: Timeline): boolean {
  if (namesEventStream(timeline)) return true;
  const contentType = timeline.contentType.toLowerCase();
  if (contentType.includes('json') || contentType.includes('html')) return false;
  const { body, bodyLength } = timeline;
  const start = Buffer.from(body.buffer, body.byteOffset, Math.min(bodyLength, 256)).toString().trimStart();
  return /^\uFEFF?(?:data|event|id|retry)?:/u.test(start);
}

/** Whether the content type says so. */
export function namesEventStream({ contentType }: Timeline): boolean {
  return contentType.toLowerCase().includes('text/event-stream');
}
