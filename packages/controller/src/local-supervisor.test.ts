import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAddressPlan } from '@aiperf/comms';
import { firstValueFrom, take, toArray } from 'rxjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LocalSupervisor } from './local-supervisor.ts';
import type { PlacedProcess } from './placement.ts';

/** A child that does what the id of its first service says. */
const CHILD = `
process.once('message', ({ services: [{ serviceId }] }) => {
  console.error('asked to ' + serviceId);
  if (serviceId === 'exit') process.exit(3);
  if (serviceId === 'crash') throw new Error('boom');
  if (serviceId === 'stay') setInterval(() => {}, 1000);
  if (serviceId === 'die') process.kill(process.pid, 'SIGKILL');
  if (serviceId === 'leave') process.disconnect();
});
`;

let directory = '';

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'supervisor-'));
  await writeFile(join(directory, 'child.mjs'), CHILD);
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});

function supervise(): LocalSupervisor {
  const addresses = createAddressPlan({ kind: 'inproc', name: 'unused' });
  return new LocalSupervisor({ path: join(directory, 'child.mjs'), execArgv: [] }, ({ services }) => ({
    services,
    addresses,
    logLevel: 'info',
  }));
}

function processThat(behaviour: string): PlacedProcess {
  return { name: behaviour, services: [{ serviceType: 'worker', serviceId: behaviour }] };
}

test.for([
  ['exit', /^exited with code 3; its last words: asked to exit$/u],
  ['crash', /^exited with code 1; its last words: Error: boom$/u],
  ['die', /^was killed by SIGKILL; its last words: asked to die$/u],
] as const)(
  'a child that ends by itself (%s) is reported with its reason and last words',
  async ([behaviour, reason]) => {
    const supervisor = supervise();
    const exit = firstValueFrom(supervisor.unexpectedExits$);
    supervisor.start([processThat(behaviour)]);
    expect(await exit).toMatchObject({
      process: { name: behaviour },
      reason: expect.stringMatching(reason) as unknown,
    });
    expect(await supervisor.stop(1_000)).toEqual([]);
  },
);

test('what children write is passed on with their name', async () => {
  const supervisor = supervise();
  const output = firstValueFrom(supervisor.output$.pipe(take(2), toArray()));
  supervisor.start([processThat('stay'), { ...processThat('stay'), name: 'hang' }]);
  const lines = (await output).map(({ processName, line }) => `${processName}: ${line}`);
  expect(lines.toSorted()).toEqual(['hang: asked to stay', 'stay: asked to stay']);
  expect([...(await supervisor.stop(0))].toSorted()).toEqual(['hang', 'stay']);
});

test('stop waits for a child that ends by itself and reports no exit', async () => {
  const supervisor = supervise();
  const exits: string[] = [];
  supervisor.unexpectedExits$.subscribe({ next: ({ reason }) => exits.push(reason), error: () => undefined });
  const asked = firstValueFrom(supervisor.output$);
  supervisor.start([processThat('leave')]);
  await asked;
  expect(await supervisor.stop(20_000)).toEqual([]);
  expect(exits).toEqual([]);
});

test('a program that cannot be started is an exit like any other', async () => {
  const supervisor = new LocalSupervisor({ path: join(directory, 'missing.mjs'), execArgv: [] }, () => ({
    services: [],
    addresses: createAddressPlan({ kind: 'inproc', name: 'unused' }),
    logLevel: 'info',
  }));
  const exit = firstValueFrom(supervisor.unexpectedExits$);
  supervisor.start([processThat('nothing')]);
  expect((await exit).reason).toMatch(/^exited with code 1; its last words: Error: Cannot find module .*missing\.mjs/u);
  await supervisor.stop(0);
});
