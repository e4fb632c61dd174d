import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { endpointOf } from '@aiperf/endpoints';
import { FirstContentFinder } from './first-content.ts';
import { appendRead, createTimeline } from '@aiperf/records';
import type { Timeline } from '@aiperf/records';

const chat = endpointOf('chat');
const role = 'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}';
const content = 'data: {"choices":[{"index":0,"delta":{"content":"x"}}]}';

function streamTimeline(contentType = 'text/event-stream'): Timeline {
  const timeline = createTimeline();
  timeline.status = 200;
  timeline.contentType = contentType;
  return timeline;
}

/** What was found after each piece. */
function looks(pieces: readonly (string | Buffer)[], timeline = streamTimeline()): string[] {
  const finder = new FirstContentFinder(chat);
  const search = { position: 0, searchedBytes: 0 };
  return pieces.map((piece) => {
    appendRead(timeline, 1, Buffer.from(piece));
    return finder.look(timeline, search);
  });
}

describe('the first content of a stream', () => {
  test.for<[what: string, pieces: readonly string[], found: readonly string[]]>([
    ['is in the first read', [`${content}\n\n`], ['found']],
    ['follows the role', [`${role}\n\n`, `${content}\n\n`], ['not_yet', 'found']],
    ['comes with the role', [`${role}\n\n${content}\n\n`], ['found']],
    ['counts when its event is complete', [`${role}\n\n${content}`, '\n', '\n'], ['not_yet', 'not_yet', 'found']],
    ['CRLF', [`${role}\r\n\r`, `\n${content}\r\n`, '\r\n'], ['not_yet', 'not_yet', 'found']],
    ['CR', [`${role}\r\r${content}\r`, '\r'], ['not_yet', 'found']],
    ['comments are none', [': ping\n\n', ': ping\n\n', `${content}\n\n`], ['not_yet', 'not_yet', 'found']],
    ['an end without content', [`${role}\n\n`, 'data: [DONE]\n\n'], ['not_yet', 'not_yet']],
    ['an unfinished event behind it', [`${content}\n\n${role}`], ['found']],
  ])('%s', ([, pieces, found]) => {
    expect(looks(pieces)).toEqual(found);
  });

  test('does not depend on where reads cut the stream', () => {
    const stream = Buffer.from(`: hello\n\n${role}\n\n: ping\n\n${content}\n\n${content}\n\ndata: [DONE]\n\n`);
    const end = stream.indexOf(content) + content.length + 2;
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 1, max: stream.length - 1 })), (cuts) => {
        const edges = [0, ...cuts.toSorted((a, b) => a - b), stream.length];
        const found = looks(edges.slice(1).map((edge, i) => stream.subarray(edges[i], edge)));
        const first = found.indexOf('found');
        expect(edges[first + 1]).toBeGreaterThanOrEqual(end);
        expect(edges[first]).toBeLessThan(end);
      }),
    );
  });
});

test.for([
  ['a whole answer', streamTimeline('application/json'), '{"choices":[{"message":{"content":"x"}}]}'],
  ['an error', Object.assign(streamTimeline(), { status: 500 }), `${content}\n\n`],
] as const)('no first token is to be seen in %s', ([, timeline, text]) => {
  expect(looks([text], timeline)).toEqual(['never']);
});
