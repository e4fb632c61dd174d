import { describe, expect, test } from 'vitest';

import { appendBody, appendRead, createTimeline, recordRead, resetTimeline } from './timeline.ts';

describe('timeline', () => {
  test('grows with the response and keeps every byte and read', () => {
    const timeline = createTimeline();
    const expected: number[] = [];
    for (let index = 0; index < 500; index++) {
      const bytes = Uint8Array.from({ length: index % 17 }, (_, offset) => (index + offset) % 256);
      expected.push(...bytes);
      appendRead(timeline, index * 10, bytes);
    }
    expect(timeline.readCount).toBe(500);
    expect([...timeline.readNs.subarray(497, 500)]).toEqual([4970, 4980, 4990]);
    expect([...timeline.readLengths.subarray(15, 18)]).toEqual([15, 16, 0]);
    expect([...timeline.body.subarray(0, timeline.bodyLength)]).toEqual(expected);
  });

  test('pieces of one read are one entry', () => {
    const timeline = createTimeline();
    const buffer = Buffer.from('..abc--de..');
    appendBody(timeline, buffer, 2, 5);
    appendBody(timeline, buffer, 7, 9);
    recordRead(timeline, 42, 5);
    expect(Buffer.from(timeline.body.subarray(0, timeline.bodyLength)).toString()).toBe('abcde');
    expect([timeline.readCount, timeline.readNs[0], timeline.readLengths[0]]).toEqual([1, 42, 5]);
  });

  test('a reset one differs from a fresh one only in its buffers', () => {
    const timeline = createTimeline();
    appendRead(timeline, 1, new Uint8Array(20_000));
    timeline.status = 500;
    timeline.statusText = 'x';
    timeline.contentType = 'y';
    timeline.startNs = 5;
    timeline.resentCount = 1;
    timeline.error = { code: 'timeout', message: '', type: '' };
    const { body } = timeline;
    resetTimeline(timeline);
    expect(timeline.body).toBe(body);
    const { body: _body, readNs: _readNs, readLengths: _readLengths, ...rest } = timeline;
    const { body: _b, readNs: _r, readLengths: _l, ...fresh } = createTimeline();
    expect(rest).toEqual(fresh);
  });

  test('a huge body is given back at once, a large one when the next is small', () => {
    const timeline = createTimeline();
    appendRead(timeline, 1, new Uint8Array(8 * 1024 * 1024));
    resetTimeline(timeline);
    expect(timeline.body.length).toBeLessThanOrEqual(1024);
    appendRead(timeline, 1, new Uint8Array(300 * 1024));
    resetTimeline(timeline);
    expect(timeline.body.length).toBe(300 * 1024);
    appendRead(timeline, 1, new Uint8Array(10));
    resetTimeline(timeline);
    expect(timeline.body.length).toBeLessThanOrEqual(1024);
  });

  test('15,000 fresh ones fit into 30 MB', () => {
    const timeline = createTimeline();
    const bytes = timeline.body.byteLength + timeline.readNs.byteLength + timeline.readLengths.byteLength;
    expect(bytes * 15_000).toBeLessThan(30e6);
  });
});
