import { join } from 'node:path';
import type { Service, ServiceContext } from '@aiperf/comms';
import type { RunPlan } from '@aiperf/config';
import type { OpenRecordSink } from '@aiperf/records/file';

/**
 * Makes a service on its context. The message maps differ from service to service and the bus is the same for all, so the map is left
 * open here; each factory states its own.
 */
export type ServiceFactory = (context: ServiceContext<object>) => Service<RunPlan> | Promise<Service<RunPlan>>;

/** What is around a service. */
export interface ServiceSurroundings {
  /** Nothing of somebody else's runs in the process, so that a service may change its priority. */
  readonly ownsProcess: boolean;
  /** Puts something in front of the record file. Absent: nothing. */
  readonly wrapSink?: (open: OpenRecordSink) => OpenRecordSink;
}

/** How many there are of the services that scale with the load. */
export interface PlacementCounts {
  readonly workers: number;
  readonly recordProcessors: number;
}

/** What the controller has to know about one type of service. */
export interface ServiceRow {
  /** In the controller's process, or each in one of its own. */
  readonly runs: 'with the controller' | 'on its own';
  /** Absent: one. */
  readonly count?: (counts: PlacementCounts) => number;
  /** `first`: configured before all others, which use what it makes. `last`: started after all others, since with it the load begins. */
  readonly order?: 'first' | 'last';
  /** What ends when it is cancelled: the sending of requests, or the processing of what they left. Absent: it is never asked to. */
  readonly ends?: 'load' | 'records';
  /** Options of the Node binary beside those of every child. */
  readonly nodeOptions?: readonly string[];
  /** A session of its own. Linux shares cores between sessions first, so the analysis of records can be kept from taking any from a server. */
  readonly hasOwnSession?: boolean;
  /** Loads its code; nothing else is loaded, which is what keeps the start of a process short. */
  readonly load: (surroundings: ServiceSurroundings) => Promise<ServiceFactory>;
}

/** The services of a run besides the system controller itself, in the order in which they are placed. */
const ROWS = {
  dataset_manager: {
    runs: 'with the controller',
    order: 'first',
    load: async (): Promise<ServiceFactory> => {
      const [{ createDatasetManager }, { renderBodyOf }] = await Promise.all([
        import('@aiperf/dataset/service'),
        import('./render-body.ts'),
      ]);
      return createDatasetManager(renderBodyOf) as ServiceFactory;
    },
  },
  timing_manager: {
    runs: 'on its own',
    order: 'last',
    ends: 'load',
    load: async (): Promise<ServiceFactory> =>
      (await import('@aiperf/timing/service')).createTimingManager() as ServiceFactory,
  },
  worker_manager: {
    runs: 'with the controller',
    load: async (): Promise<ServiceFactory> =>
      (await import('./service-worker-manager.ts')).createWorkerManager() as ServiceFactory,
  },
  records_manager: {
    runs: 'with the controller',
    load: async ({ wrapSink = (open) => open }: ServiceSurroundings): Promise<ServiceFactory> => {
      const [
        { createRecordsManager },
        { arrowRecordSink },
        { resultFileName },
        { startRoundTripProbe: startProbe },
        { loadLawOf },
      ] = await Promise.all([
        import('@aiperf/metrics/service'),
        import('@aiperf/records/file'),
        import('@aiperf/exporters'),
        import('@aiperf/transport'),
        import('@aiperf/timing'),
      ]);
      const sinkOf =
        (kind: 'arrow' | 'chunks') =>
        ({ runDirectory, config }: RunPlan): OpenRecordSink =>
          arrowRecordSink(join(runDirectory, resultFileName(kind, config.output.exportPrefix)));
      const openSink = (plan: RunPlan): OpenRecordSink => wrapSink(sinkOf('arrow')(plan));
      return createRecordsManager({
        openSink,
        openChunkSink: sinkOf('chunks'),
        startProbe,
        loadLawOf,
      }) as ServiceFactory;
    },
  },
  worker: {
    runs: 'on its own',
    count: ({ workers }: PlacementCounts): number => workers,
    ends: 'load',
    // It stamps reads. V8 begins with a young generation of 1 MiB and collects the whole heap each time some 30 MiB of finished responses
    // have gone: each collection stops the process for 2 to 10 ms, which every stamp of that time is late by. With more room from the start
    // there are a tenth as many, and a worker collects what its start has left before the load. Sizes in MiB.
    nodeOptions: ['--min-semi-space-size=32', '--initial-heap-size=256', '--expose-gc'],
    load: async ({ ownsProcess }: ServiceSurroundings): Promise<ServiceFactory> =>
      (await import('@aiperf/worker/service')).createWorker({ ownsProcess }) as ServiceFactory,
  },
  record_processor: {
    runs: 'on its own',
    count: ({ recordProcessors }: PlacementCounts): number => recordProcessors,
    ends: 'records',
    hasOwnSession: true,
    load: async ({ ownsProcess }: ServiceSurroundings): Promise<ServiceFactory> =>
      (await import('@aiperf/metrics/service')).createRecordProcessor({ ownsProcess }) as ServiceFactory,
  },
} as const;

export type ServiceType = keyof typeof ROWS;

/** One row a type of service: where it runs, how many, when it has its turn, and its code. */
export const SERVICES: Readonly<Record<ServiceType, ServiceRow>> = ROWS;
