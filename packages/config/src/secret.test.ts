import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { REDACTED, Secret } from './secret.ts';

describe('Secret', () => {
  const secret = new Secret('sk-canary');

  test.for([
    ['JSON', (): string => JSON.stringify({ secret })],
    ['a template literal', (): string => `key=${String(secret)}`],
    ['inspection', (): string => inspect({ secret }, { showHidden: true, depth: 5 })],
  ] as const)('%s shows the redaction, not the text', ([, render]) => {
    expect(render()).toContain(REDACTED);
    expect(render()).not.toContain('sk-canary');
  });

  test('reveal gives the text', () => {
    expect(secret.reveal()).toBe('sk-canary');
  });
});
