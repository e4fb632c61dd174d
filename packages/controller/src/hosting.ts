import type { Network } from '@aiperf/comms';
import type { UserConfig } from '@aiperf/config';
import type { Placement } from './placement.ts';
import type { PlacementCounts, ServiceSurroundings } from './service-table.ts';
import type { Supervisor } from './supervisor.ts';

/** Where the services of a run are and how they reach each other. */
export interface Hosting {
  /** How many workers and record processors a load gets here. */
  counts(config: UserConfig): PlacementCounts;
  place(counts: PlacementCounts): Placement;
  /** Makes what belongs to one run alone, and checks it, before anything is started. */
  open(config: UserConfig): Promise<RunEnvironment>;
}

/** What belongs to one run alone; disposed when the run has ended. */
export interface RunEnvironment extends AsyncDisposable {
  /** Mode 0700. */
  readonly privateDirectory: string;
  /** `onFailure` hears that the links are broken, and that the run cannot go on. */
  connect(onFailure: (error: Error) => void): RunLinks;
}

/** The live links of a run. */
export interface RunLinks {
  readonly network: Network;
  readonly supervisor: Supervisor;
  /** Of the services in this process. */
  readonly surroundings: ServiceSurroundings;
  close(): void;
}
