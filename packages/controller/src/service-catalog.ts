import { join } from 'node:path';
import type { Service, ServiceContext } from '@aiperf/comms';
import type { RunPlan } from '@aiperf/config';
import type { OpenRecordSink } from '@aiperf/records/file';
import type { ServiceType } from './placement.ts';

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

/** Loads the code of one service type; nothing else is loaded, which is what keeps the start of a process short. */
export async function loadServiceFactory(
  type: ServiceType,
  { ownsProcess, wrapSink = (open) => open }: ServiceSurroundings,
): Promise<ServiceFactory> {
  switch (type) {
    case 'dataset_manager': {
      const [{ createDatasetManager }, { renderBodyOf }] = await Promise.all([
        import('@aiperf/dataset/service'),
        import('./render-body.ts'),
      ]);
      return createDatasetManager(renderBodyOf) as ServiceFactory;
    }
    case 'timing_manager':
      return (await import('@aiperf/timing/service')).createTimingManager() as ServiceFactory;
    case 'worker_manager':
      return (await import('./service-worker-manager.ts')).createWorkerManager() as ServiceFactory;
    case 'records_manager': {
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
      const openSink = ({ runDirectory, config }: RunPlan): OpenRecordSink =>
        wrapSink(arrowRecordSink(join(runDirectory, resultFileName('arrow', config.output.exportPrefix))));
      const openChunkSink = ({ runDirectory, config }: RunPlan): OpenRecordSink =>
        arrowRecordSink(join(runDirectory, resultFileName('chunks', config.output.exportPrefix)));
      return createRecordsManager({ openSink, openChunkSink, startProbe, loadLawOf }) as ServiceFactory;
    }
    case 'worker':
      return (await import('@aiperf/worker/service')).createWorker({ ownsProcess }) as ServiceFactory;
    case 'record_processor':
      return (await import('@aiperf/metrics/service')).createRecordProcessor({ ownsProcess }) as ServiceFactory;
  }
}
