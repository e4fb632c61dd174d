import { describe, expect, test } from 'vitest';
import { isCredentialName, redactPairs, redactUrl } from './credentials.ts';

describe('isCredentialName', () => {
  test.for([
    ['Authorization', true],
    ['Proxy-Authorization', true],
    ['X-Api-Key', true],
    ['api_key', true],
    ['apikey', true],
    ['Cookie', true],
    ['Set-Cookie', true],
    ['X-Auth-Token', true],
    ['access_token', true],
    ['hf_token', true],
    ['X-Api-Token', true],
    ['Private-Token', true],
    ['user_token', true],
    ['eos_token', false],
    ['client_secret', true],
    ['Ocp-Apim-Subscription-Key', true],
    ['token', true],
    ['max_tokens', false],
    ['min_tokens', false],
    ['stop_token_ids', false],
    ['keyword', false],
    ['X-Request-Priority', false],
  ] as const)('%s: %s', ([name, expected]) => {
    expect(isCredentialName(name)).toBe(expected);
  });
});

describe('redactUrl', () => {
  test.for([
    ['http://host:8000/v1', 'http://host:8000/v1', 'nothing to hide'],
    ['http://user:pw@host/v1', 'http://<redacted>@host/v1', 'user info'],
    ['user:pw@host:80', '<redacted>@host:80', 'no scheme'],
    ['http://user:p@w@host', 'http://<redacted>@host', 'an @ in the password'],
    ['http://user:p/w@host', 'http://<redacted>@host', 'a slash in the password'],
    ['http://host:80/a@b', 'http://host:80/a@b', 'an @ in the path'],
    ['http://host/a@b', 'http://host/a@b', 'an @ in the path, no port'],
  ] as const)('%s is shown as %s: %s', ([url, expected]) => {
    expect(redactUrl(url)).toBe(expected);
  });
});

describe('redactPairs', () => {
  test.for([
    ['temperature:0.7', 'temperature:0.7', 'an ordinary field'],
    ['Authorization: Bearer x', 'Authorization:<redacted>', 'a credential header'],
    ['Bearer', '<redacted>', 'a word that is no pair may be the rest of a header'],
    ['{"a":1,"api_key":"x"}', '{"a":1,"api_key":"<redacted>"}', 'a field of JSON'],
    ['{"a":{"secrets":[{"password":"x"}]}}', '{"a":{"secrets":"<redacted>"}}', 'a field far down'],
    ['{"api_key":"x"', '<redacted>', 'broken JSON'],
    ['opts:{"password":"x"}', 'opts:{"password":"<redacted>"}', 'JSON as value'],
  ] as const)('%s is shown as %s: %s', ([word, expected]) => {
    expect(redactPairs(word)).toBe(expected);
  });
});
