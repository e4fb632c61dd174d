/** Root of the repository, ending in a slash. */
export const ROOT_PATH: string = new URL('../../..', import.meta.url).pathname;

/** The bundled command, as users run it; `AIPERF_COMMAND` names another build to compare with. */
export const COMMAND_PATH: string = process.env['AIPERF_COMMAND'] ?? `${ROOT_PATH}apps/aiperf/dist/bundle/cli.js`;

/** The release whose files are the measure. */
export const REFERENCE_PACKAGE = 'aiperf==0.13.0';
