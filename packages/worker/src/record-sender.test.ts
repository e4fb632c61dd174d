import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createRawBatchDecoder, RawBatchWriter, RequestRecord, appendRead } from '@aiperf/records';
import { RecordSender } from './record-sender.ts';

const decode = await createRawBatchDecoder();

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

interface Rig {
  readonly sender: RecordSender;
  /** Rows of each batch posted. */
  readonly rowCounts: number[];
  inFlightCount: number;
}

function createRig(inFlightCount: number): Rig {
  const rowCounts: number[] = [];
  const sender = new RecordSender({
    writer: new RawBatchWriter('w'),
    isIdle: () => rig.inFlightCount === 0,
  });
  sender.records$.subscribe((batch) => rowCounts.push(decode(batch).rowCount));
  const rig: Rig = { sender, rowCounts, inFlightCount };
  return rig;
}

function record(bodyBytes = 10): RequestRecord {
  const record = new RequestRecord();
  appendRead(record.timeline, 1, new Uint8Array(bodyBytes));
  return record;
}

test('records of a running load leave together after 200 ms', () => {
  const { sender, rowCounts } = createRig(1);
  for (let i = 0; i < 4; i++) {
    sender.add(record());
    vi.advanceTimersByTime(49);
  }
  expect(rowCounts).toEqual([]);
  vi.advanceTimersByTime(5);
  expect(rowCounts).toEqual([4]);
  vi.advanceTimersByTime(1000);
  expect(rowCounts).toEqual([4]);
});

test('2,000 rows leave at once', () => {
  const { sender, rowCounts } = createRig(1);
  for (let i = 0; i < 4_500; i++) sender.add(record());
  expect(rowCounts).toEqual([2_000, 2_000]);
  vi.advanceTimersByTime(200);
  expect(rowCounts).toEqual([2_000, 2_000, 500]);
});

test('1 MiB leaves at once', () => {
  const { sender, rowCounts } = createRig(1);
  for (let i = 0; i < 4; i++) sender.add(record(256 * 1024));
  expect(rowCounts).toEqual([4]);
});

test('the only record of an idle worker leaves at once', () => {
  const { sender, rowCounts } = createRig(0);
  sender.add(record());
  expect(rowCounts).toEqual([1]);
});

test('records of an idle worker leave 25 ms after those before', () => {
  const { sender, rowCounts } = createRig(0);
  for (let i = 0; i < 5; i++) {
    sender.add(record());
    vi.advanceTimersByTime(5);
  }
  expect(rowCounts).toEqual([1, 4]);
});

test('a load that comes to rest does not keep its last records for 200 ms', () => {
  const rig = createRig(1);
  rig.sender.add(record());
  vi.advanceTimersByTime(30);
  rig.inFlightCount = 0;
  rig.sender.checkAge();
  expect(rig.rowCounts).toEqual([1]);
  vi.advanceTimersByTime(1000);
  expect(rig.rowCounts).toEqual([1]);
});

test('nothing is sent where there is nothing', () => {
  const { sender, rowCounts } = createRig(0);
  sender.checkAge();
  sender.flush();
  vi.advanceTimersByTime(1000);
  expect(rowCounts).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});
