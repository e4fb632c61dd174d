import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PhaseConfig } from '@aiperf/config';
import { createDatasetStoreWriter, openDatasetStore } from '@aiperf/dataset';
import type { PhaseForecast, SimulatedRequest } from '@aiperf/timing/simulation';
import { describe, expect, test } from 'vitest';
import { DatasetTokens } from './dataset-tokens.ts';
import { PhaseBook } from './phase-book.ts';
import { renderForecast } from './render-forecast.ts';
import { ScheduleFile } from './schedule-file.ts';

const phase: PhaseConfig = {
  name: 'profiling',
  kind: 'profiling',
  mode: 'request_rate',
  arrivalPattern: 'constant',
  requestRatePerSec: 10,
  requestCount: 20,
  gracePeriodSec: 30,
  seamless: false,
};

const request = (requestNumber: number, rest: Partial<SimulatedRequest> = {}): SimulatedRequest => ({
  phaseIndex: 0,
  requestNumber,
  sessionNumber: requestNumber,
  conversationIndex: requestNumber,
  turnIndex: 0,
  turnCount: 1,
  dueNs: requestNumber * 1e8,
  sentNs: requestNumber * 1e8 + 5,
  delayNs: 0,
  cancelAfterNs: Number.NaN,
  ...rest,
});

function withDirectory(work: (directory: string) => void): void {
  const directory = mkdtempSync(join(tmpdir(), 'aiperf-dry-run-'));
  try {
    work(directory);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

describe('PhaseBook', () => {
  test.for([0, 1, 9, 10, 11, 12, 13, 14, 15, 16, 100])('%i requests: the first ten and the last three', (count) => {
    const book = new PhaseBook(phase);
    for (let k = 0; k < count; k += 1) book.add(request(k), 3, 2);
    const numbers = (requests: readonly SimulatedRequest[]): number[] => requests.map((each) => each.requestNumber);
    const all = Array.from({ length: count }, (_, k) => k);
    expect(numbers(book.first)).toEqual(all.slice(0, 10));
    expect(numbers(book.last)).toEqual(all.slice(10).slice(-3));
    expect(book).toMatchObject({
      requestCount: count,
      leftOutCount: Math.max(0, count - 13),
      inputTokens: 3 * count,
      outputTokens: 2 * count,
    });
  });
});

test('the schedule is one line a request, whatever it is called; a file that is there is left alone', () => {
  withDirectory((directory) => {
    const path = join(directory, 'schedule.csv');
    {
      using file = new ScheduleFile(path);
      const tokens = { inputTokens: 7, outputTokens: 5 };
      file.add({ phaseName: 'a "b", c', request: request(0), conversationId: 'session_000000', ...tokens });
      const later = { turnIndex: 1, turnCount: 2, dueNs: Number.NaN, delayNs: 4e8, cancelAfterNs: 1e6 };
      file.add({ phaseName: 'p', request: request(1, later), conversationId: 'x,y', ...tokens });
    }
    expect(readFileSync(path, 'utf8')).toBe(
      'phase,request,session,conversation,turn,turns,due_ns,sent_ns,delay_ns,cancel_after_ns,input_tokens,output_tokens\n' +
        '"a ""b"", c",0,0,session_000000,0,1,0,5,,,7,5\n' +
        'p,1,1,"x,y",1,2,,100000005,400000000,1000000,7,5\n',
    );
    expect(() => new ScheduleFile(path)).toThrow(expect.objectContaining({ code: 'EEXIST' }));
  });
});

test('prompts of later turns hold what came before, unless the dataset has it in them', () => {
  withDirectory((directory) => {
    const body = Buffer.from('{}');
    using writer = createDatasetStoreWriter(directory);
    writer.add({
      id: 'a',
      turns: [
        { body, inputTokens: 10, maxOutputTokens: 4 },
        { body, inputTokens: 3, maxOutputTokens: 5 },
        { body, inputTokens: 2 },
      ],
    });
    writer.add({
      id: 'b',
      turns: [1, 2].map((k) => ({ body, inputTokens: 20 * k, maxOutputTokens: 1, isWholeHistory: true })),
    });
    writer.finish();
    using store = openDatasetStore(directory);
    const tokens = new DatasetTokens(store);
    expect([tokens.of(1, 0), tokens.of(1, 1)]).toEqual([
      { input: 20, output: 1 },
      { input: 40, output: 1 },
    ]);
    expect(tokens.hasAssumedLengths).toBe(false);
    expect([tokens.of(0, 0), tokens.of(0, 1), tokens.of(0, 2)]).toEqual([
      { input: 10, output: 4 },
      { input: 17, output: 5 },
      { input: 24, output: 128 },
    ]);
    expect(tokens.hasAssumedLengths).toBe(true);
  });
});

test('schedule, forecast, host and assumptions are printed', () => {
  const book = new PhaseBook(phase);
  for (let k = 0; k < 20; k += 1) book.add(request(k), 100, 50);
  const forecast: PhaseForecast = {
    phaseIndex: 0,
    startNs: 1e7,
    counts: { sent: 20, completed: 20, failed: 0, cancelled: 0, lost: 0, inFlight: 0 },
    sessionCount: 20,
    neverSentCount: 0,
    sendingNs: 1.9e9,
    durationNs: 2.4e9,
    requestsInFlightMax: 5,
    sessionsInFlightMax: 5,
    warnings: ['the schedule was sorted'],
  };
  const text = renderForecast({
    forecast: { phases: [forecast], durationNs: 2.4e9, requestsInFlightMax: 5, isCutShort: false },
    books: [book],
    conversationId: (index) => `session_${index}`,
    host: ['1 worker process'],
    assumptions: ['nobody is late'],
  });
  expect(text).toBe(`DRY RUN: nothing is sent

profiling: 10 requests/s, constant; ends after 20 requests
  Request   Due (ms)  Sent (ms)  Session  Turn  Conversation
        0      0.000      0.000        0   1/1     session_0
        1    100.000    100.000        1   1/1     session_1
        2    200.000    200.000        2   1/1     session_2
        3    300.000    300.000        3   1/1     session_3
        4    400.000    400.000        4   1/1     session_4
        5    500.000    500.000        5   1/1     session_5
        6    600.000    600.000        6   1/1     session_6
        7    700.000    700.000        7   1/1     session_7
        8    800.000    800.000        8   1/1     session_8
        9    900.000    900.000        9   1/1     session_9
  … 7 more
       17  1,700.000  1,700.000       17   1/1    session_17
       18  1,800.000  1,800.000       18   1/1    session_18
       19  1,900.000  1,900.000       19   1/1    session_19
  Warning: the schedule was sorted

Forecast
                                    profiling
  Duration (s)                          2.400
  Last request sent after (s)           1.900
  Requests                                 20
  Requests a second, while sending      10.00
  Sessions                                 20
  Requests in flight at most                5
  Sessions in flight at most                5
  Cancelled                                 0
  Due and never sent                        0
  Input tokens                          2,000
  Output tokens                         1,000
  All phases: 2.400 s, 5 requests in flight at most

This host
  1 worker process

Assumed
  nobody is late
`);
});
