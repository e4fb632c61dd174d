import type { Checks } from './checks.ts';
import { hasCountByTiming, isDetermined } from './determined.ts';
import { jsonLeaves, type Leaf } from './json-leaves.ts';

/** The metrics behind these have no stable order in AIPerf's file. */
const LAST_ORDERED_KEYS = ['end_time', 'branch_stats', 'warmup_metrics'];
/** The end of the file is ordered again. */
const TAIL = /^(adj_|effective_|tokens_in_flight$|active_|credit_to_start_latency$|network_|replay_)/;

/** Floats that come from another order of the same additions differ in the last bits. */
const FLOAT_TOLERANCE_RATIO = 1e-12;

type Summary = Readonly<Record<string, unknown>>;
type Metric = Readonly<Record<string, number | string>>;

/** `profile_export_aiperf.json`: keys, their order, units, statistics, number format and every determined value. */
export function compareSummary(checks: Checks, theirText: string, ourText: string): void {
  const theirs = JSON.parse(theirText) as Summary;
  const ours = JSON.parse(ourText) as Summary;
  const theirLeaves = jsonLeaves(theirText);
  const ourLeaves = jsonLeaves(ourText);
  const common = checks.members('json', Object.keys(theirs), Object.keys(ours));
  checks.order('json/order', orderedKeys(theirs), orderedKeys(ours));
  checks.order('json/order-of-tail', tailKeys(theirs), tailKeys(ours));
  for (const key of common) {
    if (isMetric(theirs[key])) compareMetric(checks, 'json', '', key, theirLeaves, ourLeaves);
  }
  if ('warmup_metrics' in theirs && 'warmup_metrics' in ours) {
    const warmup = [theirs['warmup_metrics'], ours['warmup_metrics']].map((part) => Object.keys(part as Summary));
    for (const key of checks.members('warmup', warmup[0] ?? [], warmup[1] ?? [])) {
      compareMetric(checks, 'warmup', 'warmup_metrics.', key, theirLeaves, ourLeaves);
    }
  }
  for (const key of ['schema_version', 'was_cancelled', 'is_complete', 'incomplete_reason']) {
    checks.same(`json/value/${key}`, theirs[key], ours[key]);
  }
  const form = ({ value }: Leaf): string => String(value).replaceAll(/[0-9a-f]/g, 'x');
  for (const key of ['benchmark_id', 'start_time', 'end_time']) {
    const [their, our] = [theirLeaves.get(key), ourLeaves.get(key)];
    checks.same(`json/form/${key}`, their && form(their), our && form(our));
  }
  compareDescription(checks, theirLeaves, ourLeaves);
  compareErrors(
    checks,
    theirs['error_summary'] as readonly ErrorEntry[],
    ours['error_summary'] as readonly ErrorEntry[],
  );
}

function isMetric(value: unknown): value is Metric {
  return typeof value === 'object' && value !== null && 'unit' in value;
}

function orderedKeys(summary: Summary): string[] {
  const keys = Object.keys(summary);
  return keys.slice(0, 1 + Math.max(...LAST_ORDERED_KEYS.map((key) => keys.indexOf(key))));
}

function tailKeys(summary: Summary): string[] {
  const keys = Object.keys(summary);
  const first = keys.findIndex((key) => TAIL.test(key));
  // What follows the first of them belongs to the tail whatever it is called.
  return first < 0 ? [] : keys.slice(first);
}

function compareMetric(
  checks: Checks,
  label: string,
  prefix: string,
  tag: string,
  theirLeaves: ReadonlyMap<string, Leaf>,
  ourLeaves: ReadonlyMap<string, Leaf>,
): void {
  const [theirs, ours] = [theirLeaves, ourLeaves].map((leaves) => below(leaves, `${prefix}${tag}.`));
  if (theirs === undefined || ours === undefined) return;
  const shape = (leaves: ReadonlyMap<string, Leaf>): string =>
    [...leaves].map(([name, { kind, value }]) => (name === 'unit' ? String(value) : `${name}:${kind}`)).join(' ');
  checks.same(`${label}/shape/${tag}`, shape(theirs), shape(ours));
  if (!hasCountByTiming(tag))
    checks.same(`${label}/count/${tag}`, theirs.get('count')?.value, ours.get('count')?.value);
  if (!isDetermined(tag)) return;
  const values = (leaves: ReadonlyMap<string, Leaf>): string[] =>
    [...leaves].map(([name, { value }]) => `${name}=${String(value)}`);
  const isEqual = [...theirs].every(([name, leaf]) => isClose(leaf.value, ours.get(name)?.value));
  checks.holds(`${label}/value/${tag}`, isEqual, values(theirs).join(' '), values(ours).join(' '));
}

function isClose(theirs: unknown, ours: unknown): boolean {
  if (typeof theirs !== 'number' || typeof ours !== 'number') return theirs === ours;
  return Math.abs(theirs - ours) <= FLOAT_TOLERANCE_RATIO * Math.abs(theirs);
}

function below(leaves: ReadonlyMap<string, Leaf>, prefix: string): Map<string, Leaf> {
  return new Map(
    [...leaves].filter(([path]) => path.startsWith(prefix)).map(([path, leaf]) => [path.slice(prefix.length), leaf]),
  );
}

/** Values that are the run's own: only their kind is compared. */
const OWN_VALUES = /^(run_info\.benchmark_id|telemetry_data\.summary\.\w+_time|input_config\.endpoint\.urls\[0\])$/;
/** The part of the directory that differs between the two runs. */
const RUN_PARENT = /\/(theirs|ours)\//;
const URL_PORT = /127\.0\.0\.1:\d+/;

/** What the summary says about the run: configuration, command line, telemetry. */
function compareDescription(
  checks: Checks,
  theirLeaves: ReadonlyMap<string, Leaf>,
  ourLeaves: ReadonlyMap<string, Leaf>,
): void {
  for (const part of ['input_config', 'run_info', 'telemetry_data']) {
    const their = [...theirLeaves.keys()].filter((path) => path.startsWith(`${part}.`));
    const our = [...ourLeaves.keys()].filter((path) => path.startsWith(`${part}.`));
    const common = checks.members('json', their, our);
    checks.order(`json/order/${part}`, their, our);
    for (const path of common) {
      const [theirLeaf, ourLeaf] = [theirLeaves.get(path), ourLeaves.get(path)];
      checks.same(`json/kind/${path}`, theirLeaf?.kind, ourLeaf?.kind);
      if (!OWN_VALUES.test(path)) checks.same(`json/value/${path}`, comparable(theirLeaf), comparable(ourLeaf));
    }
  }
}

function comparable(leaf: Leaf | undefined): unknown {
  if (typeof leaf?.value !== 'string') return leaf?.value;
  return leaf.value.replace(RUN_PARENT, '/tool/').replace(URL_PORT, 'server');
}

interface ErrorEntry {
  readonly error_details: { readonly code?: number; readonly type: string; readonly message: string };
  readonly count: number;
}

/** Errors by code and type: order and message are each tool's own, unless the server gave the message. */
function compareErrors(checks: Checks, theirs: readonly ErrorEntry[], ours: readonly ErrorEntry[]): void {
  const byKey = (entries: readonly ErrorEntry[]): Map<string, ErrorEntry> =>
    new Map(entries.map((entry) => [`${entry.error_details.code ?? 'none'} ${entry.error_details.type}`, entry]));
  const [their, our] = [byKey(theirs), byKey(ours)];
  for (const key of checks.members('json/error_summary', their.keys(), our.keys())) {
    const [theirEntry, ourEntry] = [their.get(key), our.get(key)];
    if (theirEntry === undefined || ourEntry === undefined) continue;
    const label = `json/error_summary/${key}`;
    checks.same(`${label}/keys`, Object.keys(theirEntry), Object.keys(ourEntry));
    checks.same(`${label}/count`, theirEntry.count, ourEntry.count);
    const details = [theirEntry.error_details, ourEntry.error_details].map((entry) => Object.keys(entry));
    checks.members(label, details[0] ?? [], details[1] ?? []);
    checks.order(`${label}/order`, details[0] ?? [], details[1] ?? []);
    checks.same(`${label}/message`, theirEntry.error_details.message, ourEntry.error_details.message);
  }
}
