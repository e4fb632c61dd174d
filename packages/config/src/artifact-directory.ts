import { endpointOf } from '@aiperf/endpoints';
import type { PhaseConfig } from './phase-config.ts';
import type { UserConfig } from './user-config.ts';

/** File systems allow 255 bytes; the rest of the name needs less than 100. */
const MOST_MODEL_BYTES = 150;

function modelPart(modelNames: readonly string[]): string {
  // Slashes separate directories; the rest would be refused or misread by a file system or a terminal.
  const name = (modelNames[0] ?? '').replaceAll(/[/\\\p{Cc}]/gu, '_');
  const kept = Buffer.from(name).subarray(0, MOST_MODEL_BYTES).toString();
  const whole = kept.length < name.length ? kept.replace(/\uFFFD+$/, '') : name;
  return modelNames.length > 1 ? `${whole}_multi` : whole;
}

/** AIPerf keeps a rate as a float and prints it so: 12 is 12.0. */
function rateText(ratePerSec: number): string {
  return Number.isInteger(ratePerSec) ? `${ratePerSec}.0` : `${ratePerSec}`;
}

function paceOf({ mode, requestRatePerSec, userCount }: PhaseConfig): string[] {
  switch (mode) {
    case 'concurrency':
      return [];
    case 'request_rate':
      return [requestRatePerSec === undefined ? 'request_rate_series' : `request_rate${rateText(requestRatePerSec)}`];
    case 'fixed_schedule':
      return ['fixed_schedule'];
    case 'user_centric':
      return [`user_centric${userCount ?? 0}-request_rate${rateText(requestRatePerSec ?? 0)}`];
  }
}

function stimulusOf(phase: PhaseConfig): string {
  const { concurrency } = phase;
  return [...(concurrency === undefined ? [] : [`concurrency${concurrency}`]), ...paceOf(phase)].join('-');
}

/** What the first profiling phase does, and how many more there are. */
function stimulusPart(phases: readonly PhaseConfig[]): string {
  const [first, ...others] = phases.filter(({ kind }) => kind === 'profiling');
  const stimulus = first === undefined ? 'none' : stimulusOf(first);
  return others.length === 0 ? stimulus : `${stimulus}-phases${others.length + 1}`;
}

/** Name of the result directory when none is given: `<model>-<service kind>-<endpoint type>-<stimulus>`, as in `mock-openai-chat-concurrency10`. */
export function artifactDirectoryName(config: UserConfig): string {
  const { modelNames, type } = config.endpoint;
  return `${modelPart(modelNames)}-${endpointOf(type).serviceKind}-${type}-${stimulusPart(config.phases)}`;
}
