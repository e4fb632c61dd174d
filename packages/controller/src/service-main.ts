import { zmqNetwork } from '@aiperf/comms';
import { hostServices } from './host-services.ts';
import type { ServicesSpec } from './services-spec.ts';

/**
 * Entry of a child process: waits for its spec on the channel to its parent, runs the services and ends with them. When the channel
 * closes, the parent is gone and the process ends at once: no child outlives a run.
 */
async function runServiceProcess(): Promise<void> {
  // Until the services have ended, an exit is a failure.
  process.exitCode = 1;
  // Whoever ends every process of a run at once reaches this one, too; only the controller decides what that means.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  const endOrphaned = (): void => process.exit();
  process.once('disconnect', endOrphaned);
  const spec = await new Promise<ServicesSpec>((resolve) => {
    process.once('message', (message) => resolve(message as ServicesSpec));
  });
  process.title = `aiperf ${spec.services.map(({ serviceId }) => serviceId).join(' ')}`;
  const services = hostServices(spec, zmqNetwork(spec.addresses), { ownsProcess: true });
  await services.started;
  const outcomes = await services.finished;
  const failed = outcomes.find((outcome) => outcome.state === 'failed');
  if (failed?.state === 'failed') process.stderr.write(`${failed.error.message}\n`);
  else process.exitCode = 0;
  // Nothing is left to do, so the process ends by itself. `process.exit` would take what was published last with it: ZeroMQ lingers only
  // when the event loop runs out.
  process.off('disconnect', endOrphaned);
  process.disconnect();
}

await runServiceProcess();
