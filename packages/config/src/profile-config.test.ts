import { expect, test } from 'vitest';
import { parseProfileArguments } from './parse-profile-arguments.ts';
import { profileConfig } from './profile-config.ts';

test('options by name give the configuration of the same words', async () => {
  const config = await profileConfig({
    model: 'llama',
    url: ['http://127.0.0.1:1', 'http://127.0.0.1:2'],
    streaming: true,
    concurrency: 4,
    requestCount: 20,
    header: ['X-Sign: -1'],
    extraInputs: undefined,
  });
  const words =
    '--model llama --url http://127.0.0.1:1 http://127.0.0.1:2 --streaming --concurrency 4 --request-count 20';
  const typed = parseProfileArguments([...words.split(' '), '--header', 'X-Sign: -1'], { isTty: false });
  if (!typed.ok) throw new Error(JSON.stringify(typed.problems));
  expect(typed.config.endpoint.streaming).toBe(true);
  expect(JSON.stringify(config)).toBe(JSON.stringify(typed.config));
  expect(config.endpoint.headers[0]?.[1].reveal()).toBe('-1');
});

test('a switch can be cleared', async () => {
  await expect(profileConfig({ model: 'm', streaming: false })).resolves.toMatchObject({
    endpoint: { streaming: false },
  });
});

test('every problem is thrown in one go, with the nearest name', async () => {
  const wrong = profileConfig({ concurency: 4, isl: 0 });
  await expect(wrong).rejects.toMatchObject({ code: 'AIPERF_CONFIG_INVALID' });
  await expect(wrong).rejects.toThrow(/--concurrency[^]*--model[^]*--isl|--concurrency[^]*--isl[^]*--model/u);
});
