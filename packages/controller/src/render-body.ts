import type { UserConfig } from '@aiperf/config';
import type { RenderBody } from '@aiperf/dataset';
import { endpointOf } from '@aiperf/endpoints';

/** How the configured endpoint writes the body of a turn. */
export function renderBodyOf({ endpoint, input }: UserConfig): RenderBody {
  const spoken = endpointOf(endpoint.type);
  const config = { ...endpoint, extraInputs: input.extraInputs };
  return (turn) => spoken.renderBody(turn, config);
}
