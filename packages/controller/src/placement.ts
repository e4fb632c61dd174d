import { randomBytes } from 'node:crypto';

/** The services of a run besides the system controller itself. */
export const SERVICE_TYPES = [
  'dataset_manager',
  'timing_manager',
  'worker_manager',
  'records_manager',
  'worker',
  'record_processor',
] as const;
export type ServiceType = (typeof SERVICE_TYPES)[number];

/** One service of a run and where it runs. */
export interface PlacedService {
  readonly serviceType: ServiceType;
  /** `<service_type>_<8 hex digits>`. */
  readonly serviceId: string;
}

/** Services that share a process. */
export interface PlacedProcess {
  readonly name: string;
  readonly services: readonly PlacedService[];
}

/** Which service runs in which process: data, so that another placement needs no other code. */
export interface Placement {
  /** Services of the controller's own process. */
  readonly local: readonly PlacedService[];
  readonly children: readonly PlacedProcess[];
}

export interface PlacementCounts {
  readonly workers: number;
  readonly recordProcessors: number;
}

/** Everything on this host: small managers beside the controller; timing, each worker and each record processor on their own. */
export function localPlacement({ workers, recordProcessors }: PlacementCounts): Placement {
  const alone = (serviceType: ServiceType): PlacedProcess => {
    const service = placeService(serviceType);
    return { name: service.serviceId, services: [service] };
  };
  const repeat = (count: number, serviceType: ServiceType): PlacedProcess[] =>
    Array.from({ length: count }, () => alone(serviceType));
  return {
    local: [placeService('dataset_manager'), placeService('worker_manager'), placeService('records_manager')],
    children: [alone('timing_manager'), ...repeat(workers, 'worker'), ...repeat(recordProcessors, 'record_processor')],
  };
}

/** Every service of a placement. */
export function placedServices(placement: Placement): readonly PlacedService[] {
  return [...placement.local, ...placement.children.flatMap(({ services }) => services)];
}

function placeService(serviceType: ServiceType): PlacedService {
  return { serviceType, serviceId: `${serviceType}_${randomBytes(4).toString('hex')}` };
}
