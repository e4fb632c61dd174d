import { readFileSync } from 'node:fs';
import { endpointOf } from '@aiperf/endpoints';
import { describe, expect, test } from 'vitest';
import { createMetricSet } from './metric-set.ts';
import { MetricValues } from './metric-values.ts';
import { RecordSlot } from './record-slots.ts';
import { CHAT_MODE, requestRecord, type Read } from './test-records.test.support.ts';
import { unitDivisor } from './units.ts';

const GOLDEN = new URL('../../../test/data/golden-aiperf-0.13/', import.meta.url);

/** Runs of the chat endpoint whose raw responses were kept, with their own stamps; and what was special about them. */
const RUNS = [
  ['01-llama-raw', { streaming: true }],
  ['03-faults-cancel', { streaming: true, goodput: [{ tag: 'request_latency', value: 300 }] }],
  ['05-chat-nostream', { streaming: false }],
  ['06-multi-turn', { streaming: true }],
  ['07-mooncake-fixed', { streaming: true }],
  ['09-sigint', { streaming: true }],
] as const;

interface RawLine {
  readonly metadata: { readonly x_request_id: string };
  readonly start_perf_ns: number;
  readonly status?: number;
  readonly responses: readonly {
    readonly perf_ns: number;
    readonly packets?: readonly { readonly name: string; readonly value: string }[];
    readonly text?: string;
  }[];
  readonly error?: object;
  readonly payload: { readonly max_completion_tokens?: number };
}

interface RecordLine {
  readonly metadata: { readonly x_request_id: string };
  readonly metrics: Readonly<Record<string, { readonly value: number | readonly number[]; readonly unit: string }>>;
  readonly error?: object;
}

function linesOf<Line>(run: string, file: string): Line[] {
  const text = readFileSync(new URL(`${run}/${file}`, GOLDEN), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line);
}

/** The request as our worker would have recorded it: the same bytes at the same stamps, which are AIPerf's. */
function slotOf(raw: RawLine, golden: RecordLine): RecordSlot {
  const isStream = raw.responses.some(({ packets }) => packets !== undefined);
  const reads = raw.responses.map(({ perf_ns: atNs, packets = [], text }): Read => {
    const lines = packets.map(({ name, value }) => `${name}: ${value}\n`).join('');
    return [atNs - raw.start_perf_ns, text ?? `${lines}\n`];
  });
  const countOf = (tag: string): number => Number(golden.metrics[tag]?.value ?? Number.NaN);
  const request = requestRecord({
    inputTokens: countOf('input_sequence_length'),
    maxOutputTokens: raw.payload.max_completion_tokens ?? Number.NaN,
    reads,
    timeline: {
      startNs: 0,
      endNs: (reads.at(-1)?.[0] ?? 0) + 1,
      status: raw.status ?? 0,
      contentType: isStream ? 'text/event-stream' : 'application/json',
    },
  });
  const slot = new RecordSlot();
  slot.fill(request, endpointOf('chat').createParser().parseResponse(request));
  // The tokenizer of those runs is not here; what is compared is what is made from its counts.
  slot.outputTokens = countOf('output_token_count');
  slot.reasoningTokens = countOf('reasoning_token_count');
  return slot;
}

/** Those whose inputs the raw file does not have: phases of the connection, and the client's own counts. */
function isComparable(tag: string): boolean {
  return !tag.startsWith('http_req_') && !/^(?:input_sequence_length|output_token_count|requested_osl)$/u.test(tag);
}

describe('records of AIPerf 0.13', () => {
  test.for(RUNS)('%s: every metric of every kept request', ([run, special]) => {
    const { record, recordLists, aggregate } = createMetricSet({ ...CHAT_MODE, ...special });
    const values = new MetricValues(record);
    const byId = new Map(
      linesOf<RecordLine>(run, 'profile_export.jsonl').map((line) => [line.metadata.x_request_id, line]),
    );
    const seen = new Set<string>();
    for (const raw of linesOf<RawLine>(run, 'profile_export_raw.jsonl')) {
      const golden = byId.get(raw.metadata.x_request_id);
      if (golden === undefined || golden.error !== undefined) continue;
      const slot = slotOf(raw, golden);
      expect(slot.error).toBeUndefined();
      values.compute(slot, slot.isValid);
      for (const [tag, { value, unit }] of Object.entries(golden.metrics)) {
        if (!isComparable(tag)) continue;
        seen.add(tag);
        const metric = [...record, ...recordLists, ...aggregate].find((candidate) => candidate.tag === tag);
        if (metric === undefined) throw new Error(`there is no metric ${tag}`);
        expect(metric.displayUnit ?? metric.unit).toBe(unit);
        const divisor = unitDivisor(metric.unit, metric.displayUnit ?? metric.unit);
        const ours: number[] = [];
        if (metric.kind === 'record') ours.push(values.get(tag));
        else if (metric.kind === 'aggregate') ours.push(metric.contribution(values));
        else metric.compute(slot, (each) => ours.push(each));
        const theirs = typeof value === 'number' ? [value] : value;
        expect(ours.length, tag).toBe(theirs.length);
        for (const [index, expected] of theirs.entries()) {
          const actual = (ours[index] ?? Number.NaN) / divisor;
          expect(Math.abs(actual - expected), `${tag} of ${raw.metadata.x_request_id}`).toBeLessThanOrEqual(
            1e-9 * Math.abs(expected),
          );
        }
      }
    }
    expect([...seen]).toEqual(expect.arrayContaining(['request_latency', 'e2e_output_token_throughput']));
    if (special.streaming)
      expect([...seen]).toEqual(expect.arrayContaining(['inter_chunk_latency', 'inter_token_latency']));
  });
});
