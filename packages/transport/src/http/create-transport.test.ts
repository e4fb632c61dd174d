import { readFileSync } from 'node:fs';

import { describe, expect, test } from 'vitest';

import { describeTransport } from '../testing/transport-compliance.ts';
import { transportOptions } from '../testing/transport-rig.ts';

import { createTransport } from './create-transport.ts';
import { DirectTransport } from './direct-transport.ts';
import { USER_AGENT } from './user-agent.ts';

describeTransport({ kind: 'direct', skipsUnaskedContinue: true });
describeTransport({ kind: 'undici', skipsUnaskedContinue: false });

describe('createTransport', () => {
  test('auto is the direct transport, for http and https', async () => {
    for (const url of ['http://127.0.0.1', 'https://127.0.0.1']) {
      const transport = await createTransport(transportOptions(url, { kind: 'auto' }));
      expect(transport).toBeInstanceOf(DirectTransport);
      await transport.close();
    }
  });

  test('User-Agent has the version of this package', () => {
    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
      version: string;
    };
    expect(USER_AGENT).toBe(`aiperf/${version}`);
  });
});
