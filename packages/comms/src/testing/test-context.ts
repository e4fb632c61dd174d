import type { LogLevel } from '../control-messages.ts';
import type { ServiceContext } from '../service.ts';
import { MemoryNetwork } from '../memory/memory-network.ts';

/** A line that the service under test has logged. */
export interface TestLogLine {
  readonly level: LogLevel;
  readonly message: string;
}

/** What a service is given, without sockets, and what a test can see of it. */
export interface TestContext<M extends object> {
  readonly context: ServiceContext<M>;
  readonly network: MemoryNetwork;
  readonly logLines: readonly TestLogLine[];
  /** Errors given to `fail`, and those thrown by pull handlers. */
  readonly failures: readonly Error[];
  /** Another service on the same network: the other side of the conversation. */
  readonly peer: (serviceId: string) => TestContext<M>;
  /** Aborts the stop signal and closes the sockets. */
  readonly stop: () => void;
}

export interface TestContextOptions {
  /** Default `test_service`. */
  readonly serviceId?: string;
  /** Default: a network of its own. */
  readonly network?: MemoryNetwork;
}

/** Makes an in-process context, so that a service can be tested without sockets and without a controller. */
export function createTestContext<M extends object>(options: TestContextOptions = {}): TestContext<M> {
  const { serviceId = 'test_service', network = new MemoryNetwork() } = options;
  const logLines: TestLogLine[] = [];
  const failures: Error[] = [];
  const stopController = new AbortController();
  const fail = (error: Error): void => {
    failures.push(error);
  };
  const sockets = network.openSockets({ serviceId, onError: fail });
  const bus = network.bus<M>(serviceId);
  const at = (level: LogLevel) => (message: string) => {
    logLines.push({ level, message });
  };
  return {
    context: {
      serviceId,
      bus,
      sockets,
      log: { debug: at('debug'), info: at('info'), warning: at('warning'), error: at('error') },
      stopSignal: stopController.signal,
      fail,
    },
    network,
    logLines,
    failures,
    peer: (peerId) => createTestContext<M>({ serviceId: peerId, network }),
    stop: () => {
      stopController.abort();
      bus.close();
      sockets.close().catch(fail);
    },
  };
}
