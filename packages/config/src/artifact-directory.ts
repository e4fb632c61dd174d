import type { EndpointType, LoadConfig, UserConfig } from './user-config.ts';

/** Whose protocol an endpoint type speaks. */
const SERVICE_KINDS: Readonly<Record<EndpointType, string>> = { chat: 'openai' };

/** File systems allow 255 bytes; the rest of the name needs less than 100. */
const MOST_MODEL_BYTES = 150;

function modelPart(modelNames: readonly string[]): string {
  // Slashes separate directories; the rest would be refused or misread by a file system or a terminal.
  const name = (modelNames[0] ?? '').replaceAll(/[/\\\p{Cc}]/gu, '_');
  const kept = Buffer.from(name).subarray(0, MOST_MODEL_BYTES).toString();
  const whole = kept.length < name.length ? kept.replace(/\uFFFD+$/, '') : name;
  return modelNames.length > 1 ? `${whole}_multi` : whole;
}

function stimulusPart({ concurrency, requestRatePerSec }: LoadConfig): string {
  if (requestRatePerSec === undefined) return `concurrency${concurrency ?? 1}`;
  // AIPerf keeps a rate as a float and prints it so: 12 is 12.0.
  const rate = Number.isInteger(requestRatePerSec) ? `${requestRatePerSec}.0` : `${requestRatePerSec}`;
  return `${concurrency === undefined ? '' : `concurrency${concurrency}-`}request_rate${rate}`;
}

/** Name of the result directory when none is given: `<model>-<service kind>-<endpoint type>-<stimulus>`, as in `mock-openai-chat-concurrency10`. */
export function artifactDirectoryName(config: UserConfig): string {
  const { modelNames, type } = config.endpoint;
  return `${modelPart(modelNames)}-${SERVICE_KINDS[type]}-${type}-${stimulusPart(config.load)}`;
}
