import { randomBytes } from 'node:crypto';
import { type PlacementCounts, SERVICES, type ServiceType } from './service-table.ts';

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

/** Everything on this host, as the table of services says: each in a process of its own, or beside the controller. */
export function localPlacement(counts: PlacementCounts): Placement {
  const placed = (Object.keys(SERVICES) as ServiceType[]).flatMap((serviceType) =>
    Array.from({ length: SERVICES[serviceType].count?.(counts) ?? 1 }, () => placeService(serviceType)),
  );
  const isAlone = ({ serviceType }: PlacedService): boolean => SERVICES[serviceType].runs === 'on its own';
  return {
    local: placed.filter((service) => !isAlone(service)),
    children: placed.filter(isAlone).map((service) => ({ name: service.serviceId, services: [service] })),
  };
}

/** Every service of a placement. */
export function placedServices(placement: Placement): readonly PlacedService[] {
  return [...placement.local, ...placement.children.flatMap(({ services }) => services)];
}

function placeService(serviceType: ServiceType): PlacedService {
  return { serviceType, serviceId: `${serviceType}_${randomBytes(4).toString('hex')}` };
}
