import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import { describeConfig, parseProfileArguments, redactCommandLine } from './index.ts';

describe('a configuration full of secrets', () => {
  const canary = 'sk-canary-5d1c';
  const commandLines = [
    [
      '-m',
      'x',
      '--api-key',
      canary,
      '-H',
      `X-Api-Key: ${canary}`,
      `Cookie:a=${canary}`,
      '--extra-inputs',
      `api_key:${canary}`,
    ],
    ['-m', 'x', `--api-key=${canary}`, '--extra-inputs', `{"nested":{"password":"${canary}"}}`],
    ['-m', 'x', '-H', `{"Authorization":"Bearer ${canary}"}`],
    ['-m', 'x', '-u', `https://me:${canary}@host:8443/v1`, `https://me:${canary}@other`],
    ['-m', 'x', `--url=me:${canary}@host:8443`],
  ];

  test.for(commandLines)('%j never shows them', (argv) => {
    const result = parseProfileArguments(argv, { isTty: false });
    if (!result.ok) throw new Error(JSON.stringify(result.problems));
    const { extraInputs: _sentAsBody, ...input } = result.config.input;
    const base64 = Buffer.from(`me:${canary}`).toString('base64');
    const shown = [
      JSON.stringify({ ...result.config, input }),
      inspect({ ...result.config, input }, { depth: 10, showHidden: true }),
      JSON.stringify(describeConfig(result.config, result.given)),
      redactCommandLine(argv),
    ].join('\n');
    expect(shown).not.toContain(canary);
    expect(shown).not.toContain(base64);
    expect(shown).toContain('<redacted>');
  });
});
