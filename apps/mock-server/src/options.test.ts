import { expect, test } from 'vitest';
import { parseMockServerOptions } from './options.ts';

test('values are read into their option', () => {
  const parsed = parseMockServerOptions(['--port', '0', '--ttft-ms=2.5', '--model', 'm']);
  expect(parsed).toMatchObject({ ok: true, options: { port: 0, ttftMs: 2.5, model: 'm', itlMs: 0 } });
});

test('every problem is reported at once', () => {
  const parsed = parseMockServerOptions(['--prot', '1', '--error-rate', '2', '--itl-ms', 'fast', 'stray', '--model']);
  expect(parsed).toEqual({
    ok: false,
    problems: [
      { message: 'unknown option --prot', unknownFlag: '--prot' },
      { message: "unexpected argument '1'" },
      { message: "--error-rate: expected a number from 0 to 1, found '2'" },
      { message: "--itl-ms: expected a number from 0 to 86400000, found 'fast'" },
      { message: "unexpected argument 'stray'" },
      { message: '--model needs a value' },
    ],
  });
});
