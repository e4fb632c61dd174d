/** Type of a metric family as its `# TYPE` line says; `untyped` without one. */
export type FamilyType = 'counter' | 'gauge' | 'histogram' | 'summary' | 'untyped';

/** One line of a metrics page. */
export interface Sample {
  /** Name as written, with suffixes such as `_bucket`. */
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  /** May be infinite or NaN: the format allows both. */
  readonly value: number;
  /** Milliseconds since the Unix epoch, when the server gives it. */
  readonly timestampMs?: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly type: FamilyType;
  readonly help: string;
  readonly samples: readonly Sample[];
}

/** A line that is not the Prometheus text format. The other lines of the page are still read. */
export interface PrometheusProblem {
  /** 1-based. */
  readonly line: number;
  readonly message: string;
}

export interface PrometheusPage {
  /** In the order of their first line. */
  readonly families: readonly MetricFamily[];
  readonly problems: readonly PrometheusProblem[];
}

interface OpenFamily {
  readonly name: string;
  type: FamilyType;
  help: string;
  readonly samples: Sample[];
}

const FAMILY_TYPES: ReadonlySet<string> = new Set(['counter', 'gauge', 'histogram', 'summary', 'untyped']);

/** Sample name endings that belong to a family without them, by family type. */
const SUFFIXES: Readonly<Record<FamilyType, readonly string[]>> = {
  histogram: ['_bucket', '_count', '_sum', '_created'],
  summary: ['_count', '_sum', '_created'],
  // OpenMetrics announces a counter without `_total`, the Prometheus format with it.
  counter: ['_total', '_created'],
  gauge: [],
  untyped: [],
};

/**
 * Reads a page in the Prometheus text format 0.0.4 or 1.0.0, with what OpenMetrics adds to a line (exemplars, `# UNIT`, `# EOF`)
 * passed over. Never throws: what cannot be read is a problem with its line number.
 */
export function parsePrometheusText(text: string): PrometheusPage {
  const families = new Map<string, OpenFamily>();
  const problems: PrometheusProblem[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const trimmed = line.trim();
    if (trimmed === '') continue;
    const problem = trimmed.startsWith('#') ? readComment(trimmed, families) : readSample(trimmed, families);
    if (problem !== undefined) problems.push({ line: index + 1, message: problem });
  }
  return { families: [...families.values()], problems };
}

function familyNamed(name: string, families: Map<string, OpenFamily>): OpenFamily {
  let family = families.get(name);
  if (family === undefined) {
    family = { name, type: 'untyped', help: '', samples: [] };
    families.set(name, family);
  }
  return family;
}

function readComment(line: string, families: Map<string, OpenFamily>): string | undefined {
  const match = /^#\s+(HELP|TYPE)\s+(\S+)(?:\s+(.*))?$/u.exec(line);
  if (match === null) return undefined;
  const [, keyword, name = '', rest = ''] = match;
  const family = familyNamed(name, families);
  if (keyword === 'HELP') {
    family.help = rest.replaceAll(/\\(.)/gu, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
    return undefined;
  }
  // `unknown`, `info` and `stateset` are OpenMetrics types whose samples read like untyped ones.
  family.type = FAMILY_TYPES.has(rest) ? (rest as FamilyType) : 'untyped';
  return undefined;
}

function readSample(line: string, families: Map<string, OpenFamily>): string | undefined {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/u.exec(line)?.[0];
  if (name === undefined) return `expected a metric name, found '${line.slice(0, 40)}'`;
  let at = name.length;
  const labels: Record<string, string> = {};
  if (line[at] === '{') {
    const end = readLabels(line, at + 1, labels);
    if (end < 0) return `labels of '${name}' are not closed or not quoted`;
    at = end;
  }
  const [valueText = '', timestampText] = line.slice(at).split(' # ', 1).join('').trim().split(/\s+/u);
  const value = readNumber(valueText);
  if (value === undefined) return `expected a number after '${name}', found '${valueText}'`;
  const timestampMs = timestampText === undefined ? undefined : readNumber(timestampText);
  const sample: Sample = { name, labels, value, ...(timestampMs === undefined ? {} : { timestampMs }) };
  familyOf(name, families).samples.push(sample);
  return undefined;
}

/** Reads `key="value",…}` from `start`; returns the offset after the brace, or -1. */
function readLabels(line: string, start: number, labels: Record<string, string>): number {
  let at = start;
  for (;;) {
    while (line[at] === ',' || line[at] === ' ') at += 1;
    if (line[at] === '}') return at + 1;
    const equals = line.indexOf('="', at);
    if (equals < 0) return -1;
    const key = line.slice(at, equals).trim();
    let value = '';
    at = equals + 2;
    while (line[at] !== '"') {
      if (at >= line.length) return -1;
      if (line[at] === '\\') {
        at += 1;
        value += line[at] === 'n' ? '\n' : (line[at] ?? '');
      } else {
        value += line[at] ?? '';
      }
      at += 1;
    }
    at += 1;
    labels[key] = value;
  }
}

function readNumber(text: string): number | undefined {
  if (/^\+?inf(inity)?$/iu.test(text)) return Number.POSITIVE_INFINITY;
  if (/^-inf(inity)?$/iu.test(text)) return Number.NEGATIVE_INFINITY;
  if (/^nan$/iu.test(text)) return Number.NaN;
  const value = text === '' ? Number.NaN : Number(text);
  return Number.isNaN(value) ? undefined : value;
}

function familyOf(sampleName: string, families: Map<string, OpenFamily>): OpenFamily {
  const exact = families.get(sampleName);
  if (exact !== undefined) return exact;
  for (const family of candidates(sampleName, families)) return family;
  return familyNamed(sampleName, families);
}

/** Families whose name is the sample's without a suffix of their type. */
function* candidates(sampleName: string, families: Map<string, OpenFamily>): Generator<OpenFamily> {
  for (const suffix of ['_bucket', '_count', '_sum', '_total', '_created']) {
    if (!sampleName.endsWith(suffix)) continue;
    const family = families.get(sampleName.slice(0, -suffix.length));
    if (family !== undefined && SUFFIXES[family.type].includes(suffix)) yield family;
  }
}
