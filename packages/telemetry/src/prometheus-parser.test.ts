import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { parsePrometheusText } from './prometheus-parser.ts';

describe('lines', () => {
  test.for([
    ['a bare sample', 'up 1', { name: 'up', labels: {}, value: 1 }],
    [
      'labels and a timestamp',
      'a{b="c",d="e"} 2.5e3 1700',
      { labels: { b: 'c', d: 'e' }, value: 2500, timestampMs: 1700 },
    ],
    ['escapes in a label', String.raw`a{b="x\"y\\z\n"} 0`, { labels: { b: 'x"y\\z\n' } }],
    ['a brace and a comma in a label', 'a{b="},{"} 3', { labels: { b: '},{' }, value: 3 }],
    ['a trailing comma', 'a{b="c",} 3', { labels: { b: 'c' }, value: 3 }],
    ['infinity', 'a +Inf', { value: Number.POSITIVE_INFINITY }],
    ['an exemplar', 'a_total 4 # {trace_id="x"} 0.5', { value: 4 }],
  ] as const)('%s', ([, line, sample]) => {
    expect(parsePrometheusText(line)).toMatchObject({ problems: [], families: [{ samples: [sample] }] });
  });

  test.for([
    ['no value', 'a{b="c"}'],
    ['a word as value', 'a fast'],
    ['open labels', 'a{b="c 1'],
    ['markup', '<html>'],
  ] as const)('%s is a problem with its line, and the rest is read', ([, line]) => {
    const page = parsePrometheusText(`first 1\n${line}\nlast 2\n`);
    expect(page.problems).toMatchObject([{ line: 2 }]);
    expect(page.families.map(({ name }) => name)).toEqual(['first', 'last']);
  });
});

test('samples join the family of their suffix and type', () => {
  const page = parsePrometheusText(
    [
      '# HELP h Time\\nin seconds',
      '# TYPE h histogram',
      'h_bucket{le="1"} 1',
      'h_bucket{le="+Inf"} 2',
      'h_sum 3',
      'h_count 2',
      '# TYPE c counter',
      'c_total 5',
      '# TYPE g gauge',
      'g_count 7',
    ].join('\n'),
  );
  expect(page.families.map(({ name, type, samples }) => [name, type, samples.length])).toEqual([
    ['h', 'histogram', 4],
    ['c', 'counter', 1],
    ['g', 'gauge', 0],
    ['g_count', 'untyped', 1],
  ]);
  expect(page.families[0]?.help).toBe('Time\nin seconds');
});

interface Recording {
  readonly response: { readonly reads: readonly { readonly b64: string }[] };
}

/** Body of a recorded page: chunk framing and gzip removed. */
function recordedPage(path: string): string {
  const { response } = JSON.parse(readFileSync(path, 'utf8')) as Recording;
  const bytes = Buffer.concat(response.reads.map(({ b64 }) => Buffer.from(b64, 'base64')));
  const headEnd = bytes.indexOf('\r\n\r\n');
  const head = bytes.toString('latin1', 0, headEnd).toLowerCase();
  let body = bytes.subarray(headEnd + 4);
  if (head.includes('transfer-encoding: chunked')) {
    const pieces: Buffer[] = [];
    for (let at = 0; ;) {
      const lineEnd = body.indexOf('\r\n', at);
      const size = Number.parseInt(body.toString('latin1', at, lineEnd), 16);
      if (size === 0) break;
      pieces.push(body.subarray(lineEnd + 2, lineEnd + 2 + size));
      at = lineEnd + 4 + size;
    }
    body = Buffer.concat(pieces);
  }
  return (head.includes('content-encoding: gzip') ? gunzipSync(body) : body).toString('utf8');
}

const recordings = join(import.meta.dirname, '../../../test/data/recordings');

describe('recorded pages of real servers', () => {
  test.for([
    ['llama.cpp', 'llamacpp:prompt_tokens_total', 'counter'],
    ['vllm', 'vllm:time_to_first_token_seconds', 'histogram'],
    ['vllm', 'vllm:num_requests_running', 'gauge'],
    ['node-exporter', 'node_cpu_seconds_total', 'counter'],
    ['simhall', 'DCGM_FI_DEV_POWER_USAGE', 'gauge'],
  ] as const)('%s: %s is a %s and no line is a problem', ([server, family, type]) => {
    const pages = readdirSync(join(recordings, server)).filter((name) => /^metrics-.*\.json$/u.test(name));
    expect(pages.length).toBeGreaterThan(0);
    for (const name of pages) {
      const page = parsePrometheusText(recordedPage(join(recordings, server, name)));
      expect(page.problems).toEqual([]);
    }
    const last = pages.findLast((name) => !name.includes('before')) ?? '';
    const found = parsePrometheusText(recordedPage(join(recordings, server, last))).families;
    expect(found.find(({ name }) => name === family)).toMatchObject({ type });
  });
});
