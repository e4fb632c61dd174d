import type { UserConfig } from '@aiperf/config';
import type { RenderBody } from '@aiperf/dataset';
import { endpointOf } from '@aiperf/endpoints';

/** How the configured endpoint writes the body of a turn. */
export function renderBodyOf({ endpoint, input }: UserConfig): RenderBody {
  const { extraInputs } = input;
  return (turn) => endpointOf(endpoint.type).renderBody(turn, { ...endpoint, extraInputs });
}
