import manifest from '../package.json' with { type: 'json' };

/** Version of this command and of the result files it writes. */
export const VERSION: string = manifest.version;
