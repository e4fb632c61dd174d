import { fileURLToPath } from 'node:url';

const root = new URL('../../..', import.meta.url);

/** Root of the repository. */
export const ROOT: string = fileURLToPath(root);
/** The bundled command, as users run it. */
export const CLI: string = fileURLToPath(new URL('apps/aiperf/dist/bundle/cli.js', root));
/** A program beside this package's sources. */
export function localFile(path: string): string {
  return fileURLToPath(new URL(path, import.meta.url));
}
