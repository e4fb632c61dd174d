/** A child process that hosts a service; its plan of addresses and its id are in the arguments. */
import type { AddressPlan } from './address.ts';
import { runService } from './service-host.ts';
import type { Service } from './service.ts';
import { zmqNetwork } from './zmq-network.ts';

const [planText = '', serviceId = ''] = process.argv.slice(2);
let configured = '';

const service: Service<{ readonly text: string }> = {
  configure: (plan) => {
    if (plan.text === 'bad') return Promise.reject(new Error('the plan is bad'));
    configured = plan.text;
    return Promise.resolve();
  },
  start: () => Promise.resolve({ configured, pid: process.pid }),
  cancel: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};

const outcome = await runService({
  network: zmqNetwork(JSON.parse(planText) as AddressPlan),
  serviceId,
  serviceType: 'test_service',
  createService: () => service,
  decodePlan: (text) => ({ text }),
});
// Not `process.exit`: what was published last must still arrive.
process.exitCode = outcome.state === 'stopped' ? 0 : 1;
process.disconnect();
