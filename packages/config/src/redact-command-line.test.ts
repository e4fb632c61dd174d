import { describe, expect, test } from 'vitest';
import { redactCommandLine } from './redact-command-line.ts';

describe('redactCommandLine', () => {
  test.for([
    [
      ['--model', 'truth', '--url', 'http://127.0.0.1:18211', '--streaming', '--request-rate', '12', '--ui', 'none'],
      "aiperf profile --model 'truth' --url 'http://127.0.0.1:18211' --streaming --request-rate 12 --ui 'none'",
      'text in quotes, numbers and switches bare',
    ],
    [['--isl=5', '--model=x'], "aiperf profile --isl 5 --model 'x'", 'an equal sign'],
    [
      ['--benchmark-duration', '30', '--benchmark-grace-period', '5s'],
      "aiperf profile --benchmark-duration 30 --benchmark-grace-period '5s'",
      'a duration is bare only as a number',
    ],
    [['--model', '7'], "aiperf profile --model '7'", 'text that looks like a number'],
    [
      ['-u', 'http://a', 'http://u:p@b'],
      "aiperf profile -u 'http://a' 'http://<redacted>@b'",
      'several words, user info',
    ],
    [['--url', 'http://u:p@a,http://b'], "aiperf profile --url 'http://<redacted>@a,http://b'", 'a comma list'],
    [['--api-key', 's3cret'], "aiperf profile --api-key '<redacted>'", 'a key'],
    [['-H', 'Authorization: Bearer x', 'X-A:1'], "aiperf profile -H 'Authorization:<redacted>' 'X-A:1'", 'headers'],
    [['--extra-inputs', '{"a":1,"token":"x"}'], `aiperf profile --extra-inputs '{"a":1,"token":"<redacted>"}'`, 'JSON'],
    [['--model', "it's"], String.raw`aiperf profile --model 'it'\''s'`, 'a quote'],
    [['--api-key', 'a', 'b'], "aiperf profile --api-key '<redacted>' '<redacted>'", 'a word after a secret'],
    [['--apikey', 's3cret', '-Hx: y'], "aiperf profile --apikey '<redacted>' -Hx", 'options that do not exist'],
    [['--streaming=true'], 'aiperf profile --streaming true', 'a switch with a value'],
  ] as const)('%j', ([argv, expected]) => {
    expect(redactCommandLine(argv)).toBe(expected);
  });
});
