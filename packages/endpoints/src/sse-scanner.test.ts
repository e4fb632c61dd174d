import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SseScanner } from './sse-scanner.ts';

interface ScannedEvent {
  readonly data: string;
  readonly name: string;
  readonly read: number;
  readonly terminated: boolean;
}

/** Scans bytes that came in reads of the given lengths; what they leave is one last read. */
function scan(bytes: Uint8Array, readLengths: readonly number[] = []): ScannedEvent[] {
  const lengths: number[] = [];
  let restBytes = bytes.length;
  for (const length of readLengths) {
    if (restBytes === 0) break;
    lengths.push(Math.min(length, restBytes));
    restBytes -= Math.min(length, restBytes);
  }
  if (restBytes > 0) lengths.push(restBytes);
  // A body lies in a larger buffer, and what follows it there must not be looked at.
  const buffer = new Uint8Array(bytes.length + 20).fill(0x0a);
  buffer.set(bytes);
  buffer.set(Buffer.from('data: beyond\n\n'), bytes.length);
  const scanner = new SseScanner();
  scanner.reset({
    body: buffer,
    bodyLength: bytes.length,
    readLengths: Uint32Array.from(lengths),
    readCount: lengths.length,
  });
  const events: ScannedEvent[] = [];
  while (scanner.next()) {
    events.push({
      data: scanner.data.toString('utf8', scanner.dataStart, scanner.dataEnd),
      name: scanner.eventName,
      read: scanner.readIndexAt(scanner.eventStart),
      terminated: scanner.terminated,
    });
  }
  return events;
}

const dataOf = (text: string): string[] => scan(Buffer.from(text)).map(({ data }) => data);

describe('events', () => {
  test.for<[what: string, body: string, data: string[]]>([
    ['nothing', '', []],
    ['line feeds', 'data: a\n\ndata: b\n\n', ['a', 'b']],
    ['carriage returns and line feeds', 'data: a\r\n\r\ndata: b\r\n\r\n', ['a', 'b']],
    ['carriage returns', 'data: a\r\rdata: b\r\r', ['a', 'b']],
    ['line ends of every kind', 'data: a\r\n\ndata: b\r\n\rdata: c\n\r\ndata: d\r\r\n', ['a', 'b', 'c', 'd']],
    ['a byte order mark', '\uFEFFdata: a\n\n', ['a']],
    ['comments', ': hello\n\n:\ndata: a\n: between\n\n', ['a']],
    ['no space after the colon', 'data:a\n\n', ['a']],
    ['only one space is taken', 'data:  a \n\n', [' a ']],
    ['several data lines', 'data: a\ndata: b\ndata:\ndata: c\n\n', ['a\nb\n\nc']],
    ['several data lines with CRLF', 'data: a\r\ndata: b\r\n\r\n', ['a\nb']],
    ['data without a colon', 'data\n\n', ['']],
    ['empty data', 'data:\n\ndata: \n\n', ['', '']],
    ['fields that do not matter', 'id: 1\nretry: 5\nfoo: x\ndatax: y\ndat: z\ndata: a\n\n', ['a']],
    ['an event without data', 'event: ping\n\ndata: a\n\n', ['a']],
    ['many blank lines', '\n\n\ndata: a\n\n\n\ndata: b\n\n', ['a', 'b']],
    ['a last event without its blank line', 'data: a\n\ndata: b\n', ['a', 'b']],
    ['a last event without its line end', 'data: a\n\ndata: b', ['a', 'b']],
    ['a body that ends in a name', 'data: a\n\ndat', ['a']],
    ['several bytes a character', 'data: 你好 🙂\n\n', ['你好 🙂']],
  ])('%s', ([, body, data]) => {
    expect(dataOf(body)).toEqual(data);
  });

  test('the name belongs to one event', () => {
    expect(scan(Buffer.from('event: a\ndata: 1\n\ndata: 2\n\nevent:b\nevent: error\ndata: 3\n\n'))).toMatchObject([
      { data: '1', name: 'a' },
      { data: '2', name: '' },
      { data: '3', name: 'error' },
    ]);
  });

  test('an event that was cut off is told', () => {
    expect(scan(Buffer.from('data: a\n\ndata: b\n')).map(({ terminated }) => terminated)).toEqual([true, false]);
  });
});

describe('read of an event', () => {
  test('is the one with its first byte', () => {
    // Reads: |data: a\n\nda|ta: b\n|\n|data: c\n\n|
    const events = scan(Buffer.from('data: a\n\ndata: b\n\ndata: c\n\n'), [11, 6, 1]);
    expect(events.map(({ read }) => read)).toEqual([0, 0, 3]);
  });

  test('does not count a comment before it', () => {
    expect(scan(Buffer.from(': wait\n\ndata: a\n\n'), [8]).map(({ read }) => read)).toEqual([1]);
    expect(scan(Buffer.from(': wait\ndata: a\n\n'), [7]).map(({ read }) => read)).toEqual([1]);
  });

  test('counts the lines before the data', () => {
    expect(scan(Buffer.from('event: a\ndata: a\n\n'), [9]).map(({ read }) => read)).toEqual([0]);
  });

  test('is the last one where the reads say less than the body holds', () => {
    const scanner = new SseScanner();
    scanner.reset({ body: Buffer.from('data: a\n\n'), bodyLength: 9, readLengths: new Uint32Array([0]), readCount: 1 });
    expect(scanner.next()).toBe(true);
    expect(scanner.readIndexAt(scanner.eventStart)).toBe(0);
  });
});

/** The specification's algorithm, line by line over text. */
function referenceEvents(text: string): { data: string; name: string }[] {
  const events: { data: string; name: string }[] = [];
  let data: string[] = [];
  let name = '';
  for (const line of [...text.replace(/^\uFEFF/u, '').split(/\r\n|\r|\n/u), '']) {
    if (line === '') {
      if (data.length > 0) events.push({ data: data.join('\n'), name });
      data = [];
      name = '';
      continue;
    }
    const [, field = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/su.exec(line) ?? [];
    if (field === 'data') data.push(value);
    if (field === 'event') name = value;
  }
  return events;
}

const piece = fc.constantFrom(
  'data',
  'data:',
  'data: ',
  'event: ',
  ':',
  ' ',
  '\n',
  '\r',
  '\r\n',
  '\n\n',
  'x',
  'é',
  '🙂',
  '{}',
);

test('any stream in any split gives what the specification says', () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.array(fc.integer({ min: 1, max: 9 })), (pieces, lengths) => {
      const text = pieces.join('');
      const events = scan(Buffer.from(text), lengths);
      expect(events.map(({ data, name }) => ({ data, name }))).toEqual(referenceEvents(text));
      const reads = events.map(({ read }) => read);
      expect(reads).toEqual(reads.toSorted((a, b) => a - b));
    }),
    { numRuns: 500 },
  );
});
