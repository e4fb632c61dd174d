import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { getPriority } from 'node:os';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { type Mock, startMock } from './support/mock.ts';
import { type Workplace, workplace } from './support/workplace.ts';

const isRoot = process.getuid?.() === 0;
const isLinux = process.platform === 'linux';
const LOAD = ['--streaming', '--request-rate', '40', '--osl', '4'];

/** What the kernel says of a process that has the load. */
interface Seen {
  readonly nice: number;
  /** 0: ordinary, 2: the real-time class. */
  readonly policy: number;
  readonly leadsSession: boolean;
  readonly keepsCoresAwake: boolean;
}

function look(pid: number): Seen {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const files = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return '';
    }
  });
  return {
    nice: Number(fields[16]),
    policy: Number(fields[38]),
    leadsSession: Number(fields[3]) === pid,
    keepsCoresAwake: files.includes('/dev/cpu_dma_latency'),
  };
}

interface HostTuning {
  readonly mode: string;
  readonly taken: readonly string[];
}

/** A run that is looked at while it sends, for seconds after its first answer, and what it says of itself afterwards. */
async function watchedRun(place: Workplace, server: Mock, mode: string[]): Promise<{ seen: Seen[]; told: HostTuning }> {
  await using run = place.startProfile(server.url, [...LOAD, '--request-count', '160', ...mode]);
  await vi.waitFor(async () => expect(await server.succeeded()).toBeGreaterThan(0), { timeout: 30_000, interval: 20 });
  const seen = run.children().map(({ pid }) => look(pid));
  const { exitCode } = await run.exited;
  expect(exitCode).toBe(0);
  const summary = await readFile(join(place.results(), 'profile_export_aiperf.json'), 'utf8');
  return { seen, told: (JSON.parse(summary) as { quality: { host_tuning: HostTuning } }).quality.host_tuning };
}

test.skipIf(!isLinux)('off, the default: nothing of the host is taken (needs Linux)', async () => {
  await using server = await startMock();
  await using place = await workplace();
  const { seen, told } = await watchedRun(place, server, []);
  expect(seen.length).toBeGreaterThanOrEqual(3);
  // Whoever runs the tests may have given them a nice value.
  const usual = { nice: getPriority(), policy: 0, leadsSession: false, keepsCoresAwake: false };
  expect(seen).toEqual(seen.map(() => usual));
  expect(told).toEqual({ mode: 'off', taken: [] });
});

test.skipIf(!isLinux || !isRoot)('auto: what is taken is what is told (needs Linux and root)', async () => {
  await using server = await startMock();
  await using place = await workplace();
  const { seen, told } = await watchedRun(place, server, ['--host-tuning', 'auto']);
  expect(told.mode).toBe('auto');
  const has = (what: string): boolean => told.taken.includes(what);
  expect(seen.some(({ policy }) => policy === 2)).toBe(has('real-time class'));
  expect(seen.some(({ nice }) => nice === -20)).toBe(has('real-time class') || has('most favourable nice value'));
  expect(seen.some(({ keepsCoresAwake }) => keepsCoresAwake)).toBe(has('cores kept awake'));
  expect(seen.some(({ leadsSession }) => leadsSession)).toBe(true);
});

test.skipIf(!isLinux)(
  'two runs at once each deliver their rate, and one at most has the real-time class (needs Linux)',
  async () => {
    await using server = await startMock();
    await using first = await workplace();
    await using second = await workplace();
    const both = await Promise.all(
      [first, second].map((place) =>
        place.profile(server.url, [...LOAD, '--request-count', '60', '--host-tuning', 'auto']),
      ),
    );
    expect(both.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
    const summaries = await Promise.all(
      [first, second].map(async (place) => {
        const text = await readFile(join(place.results(), 'profile_export_aiperf.json'), 'utf8');
        return JSON.parse(text) as {
          request_count: { avg: number };
          quality: { host_tuning: HostTuning; load: { achieved_rate_per_sec: number }[] };
        };
      }),
    );
    expect(summaries.map(({ request_count }) => request_count.avg)).toEqual([60, 60]);
    // Asked: 40. A Poisson draw of 60 intervals lies within half and double of it; a starved run does not.
    for (const { quality } of summaries) {
      expect(quality.load[0]?.achieved_rate_per_sec).toBeGreaterThan(20);
      expect(quality.load[0]?.achieved_rate_per_sec).toBeLessThan(80);
    }
    const urgent = summaries.filter(({ quality }) => quality.host_tuning.taken.includes('real-time class'));
    expect(urgent.length).toBeLessThanOrEqual(1);
  },
);
