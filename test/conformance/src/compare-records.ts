import type { Checks } from './checks.ts';
import { hasCountByTiming, isDetermined } from './determined.ts';
import { jsonLeaves } from './json-leaves.ts';

interface RecordLine {
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly metrics: Readonly<Record<string, { readonly value: number | readonly number[]; readonly unit: string }>>;
  readonly error?: { readonly code?: number; readonly type: string };
  readonly text: string;
}

/** `profile_export.jsonl`: lines of the same phase and outcome are held against each other. */
export function compareRecords(checks: Checks, theirText: string, ourText: string): void {
  const [theirs, ours] = [groups(theirText), groups(ourText)];
  for (const group of checks.members('jsonl', theirs.keys(), ours.keys())) {
    compareGroup(checks, `jsonl/${group}`, theirs.get(group) ?? [], ours.get(group) ?? []);
  }
  checks.same('jsonl/sessions', sessions(theirs), sessions(ours));
}

function groups(text: string): Map<string, RecordLine[]> {
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((text): RecordLine => Object.assign(JSON.parse(text) as Omit<RecordLine, 'text'>, { text }));
  const outcome = ({ error }: RecordLine): string =>
    error === undefined ? 'good' : `${error.code ?? 'none'} ${error.type}`;
  return Map.groupBy(lines, (line) => `${String(line.metadata['benchmark_phase'])} ${outcome(line)}`);
}

/** Session numbers of each phase, which count from 0 without gaps. */
function sessions(lines: ReadonlyMap<string, readonly RecordLine[]>): Record<string, number[]> {
  const all = [...lines.values()].flat();
  const byPhase = Map.groupBy(all, ({ metadata }) => String(metadata['benchmark_phase']));
  const entries = [...byPhase].map(([phase, members]): [string, number[]] => [
    phase,
    members.map(({ metadata }) => Number(metadata['session_num'])).toSorted((a, b) => a - b),
  ]);
  return Object.fromEntries(entries.toSorted(([a], [b]) => a.localeCompare(b)));
}

function compareGroup(checks: Checks, label: string, theirs: readonly RecordLine[], ours: readonly RecordLine[]): void {
  checks.same(`${label}/lines`, theirs.length, ours.length);
  const parts = (lines: readonly RecordLine[]): string[] => [
    ...new Set(lines.map((line) => Object.keys(JSON.parse(line.text) as object).join(' '))),
  ];
  checks.same(`${label}/parts`, parts(theirs), parts(ours));
  for (const part of ['metadata', 'error'] as const) {
    const keys = (lines: readonly RecordLine[]): string[] => [
      ...new Set(lines.flatMap((line) => Object.keys(line[part] ?? {}))),
    ];
    checks.members(`${label}/${part}`, keys(theirs), keys(ours));
    checks.order(`${label}/${part}/order`, keys(theirs), keys(ours));
  }
  const [theirKinds, ourKinds] = [leafKinds(theirs), leafKinds(ours)];
  for (const [path, kind] of theirKinds) {
    const ourKind = ourKinds.get(path);
    if (ourKind !== undefined) checks.same(`${label}/kind/${path}`, kind, ourKind);
  }
  const tags = (lines: readonly RecordLine[]): string[] =>
    lines.flatMap(({ metrics }) => Object.keys(metrics)).toSorted();
  for (const tag of checks.members(`${label}/metrics`, tags(theirs), tags(ours))) {
    checks.same(`${label}/unit/${tag}`, units(theirs, tag), units(ours, tag));
    if (!hasCountByTiming(tag))
      checks.same(`${label}/records-with/${tag}`, values(theirs, tag).length, values(ours, tag).length);
    if (isDetermined(tag)) checks.same(`${label}/value/${tag}`, values(theirs, tag), values(ours, tag));
  }
}

function units(lines: readonly RecordLine[], tag: string): string[] {
  return [...new Set(lines.flatMap(({ metrics }) => metrics[tag]?.unit ?? []))];
}

/** In ascending order: lines are written in order of completion, which differs from run to run. */
function values(lines: readonly RecordLine[], tag: string): number[] {
  return lines
    .flatMap(({ metrics }) => (metrics[tag] === undefined ? [] : [Number(metrics[tag].value)]))
    .toSorted((a, b) => a - b);
}

/** How each value is written. Lists are taken together, and identifiers are strings in both. */
function leafKinds(lines: readonly RecordLine[]): Map<string, string> {
  const kinds = new Map<string, Set<string>>();
  for (const { text } of lines) {
    for (const [path, { kind }] of jsonLeaves(text)) {
      const name = path.replaceAll(/\[\d+\]/g, '[]');
      kinds.set(name, (kinds.get(name) ?? new Set()).add(kind));
    }
  }
  return new Map([...kinds].map(([path, set]) => [path, [...set].toSorted().join(' or ')]));
}
