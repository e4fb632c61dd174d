import { Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { CommandClient } from './command-client.ts';
import type { AnswerStatus } from './control-messages.ts';
import { startInprocNetwork, type InprocNetwork } from './inproc-network.test.fixture.ts';
import type { LostService } from './registration.ts';

/** A service that gives one answer to everything, or none. */
async function answerWith(network: InprocNetwork, serviceId: string, status: AnswerStatus | 'none'): Promise<void> {
  const bus = await network.connect(serviceId);
  bus.messagesTo$({ serviceId }, 'command').subscribe((command) => {
    if (status === 'none') return;
    const error = status === 'failure' ? { error: { type: 'Error', message: 'is out of memory' } } : {};
    bus.publishTo({ serviceId: command.service_id }, 'command_response', {
      command: command.command,
      command_id: command.command_id,
      status,
      ...error,
    });
  });
  await bus.settle();
}

test('answers come in the order of the targets', async () => {
  using network = startInprocNetwork();
  for (const id of ['b', 'a', 'c']) await answerWith(network, id, 'success');
  const client = await CommandClient.create({ bus: await network.connect('system_controller') });
  const answers = await client.sendCommand('profile_start', { targets: ['a', 'b', 'c'], deadlineMs: 5_000 });
  expect(answers.map(({ serviceId }) => serviceId)).toEqual(['a', 'b', 'c']);
  await expect(client.sendCommand('profile_start', { targets: [], deadlineMs: 5_000 })).resolves.toEqual([]);
});

test('a time-out names the command, the silent services and the time, and keeps the answers', async () => {
  using network = startInprocNetwork();
  await answerWith(network, 'a', 'success');
  await answerWith(network, 'b', 'none');
  const client = await CommandClient.create({ bus: await network.connect('system_controller') });
  await expect(
    client.sendCommand('profile_configure', { targets: ['a', 'b', 'c'], deadlineMs: 50 }),
  ).rejects.toMatchObject({
    name: 'CommsError',
    code: 'AIPERF_COMMS_TIMEOUT',
    message: 'profile_configure: no answer from b, c within 50 ms',
    command: 'profile_configure',
    answers: [{ serviceId: 'a', status: 'success' }],
    missing: ['b', 'c'],
  });
});

test.for([
  ['at once by default', false, 'profile_start failed: b is out of memory'],
  ['after the others when all are waited for', true, 'profile_start failed: b is out of memory'],
] as const)('a failure ends the wait %s', async ([, waitForAll, message]) => {
  using network = startInprocNetwork();
  await answerWith(network, 'b', 'failure');
  await answerWith(network, 'a', waitForAll ? 'success' : 'none');
  const client = await CommandClient.create({ bus: await network.connect('system_controller') });
  await expect(
    client.sendCommand('profile_start', { targets: ['a', 'b'], deadlineMs: 10_000, waitForAll }),
  ).rejects.toMatchObject({ message, missing: waitForAll ? [] : ['a'] });
});

test('a lost service and a cancelled wait end a command early', async () => {
  using network = startInprocNetwork();
  await answerWith(network, 'a', 'none');
  const lost$ = new Subject<LostService>();
  const client = await CommandClient.create({ bus: await network.connect('system_controller'), lost$ });
  const cancelled = new AbortController();
  const waiting = client.sendCommand('x', { targets: ['a'], deadlineMs: 10_000, signal: cancelled.signal });
  cancelled.abort();
  await expect(waiting).rejects.toMatchObject({ code: 'AIPERF_COMMS_CANCELLED', missing: ['a'] });
  const command = client.sendCommand('x', { targets: ['a'], deadlineMs: 10_000 });
  lost$.next({ serviceId: 'a', reason: 'was killed' });
  await expect(command).rejects.toMatchObject({
    code: 'AIPERF_COMMS_SERVICE_LOST',
    message: 'x failed: a was killed',
  });
});
