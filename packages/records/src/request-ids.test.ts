import { expect, test } from 'vitest';
import { createRequestIds } from './request-ids.ts';

const ids = createRequestIds('0123456789ab');
const UUID_V4 = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/u;

test.for([0, 1, 15, 2 ** 48, Number.MAX_SAFE_INTEGER])('ids of number %d have the shape of a UUID', (number) => {
  expect(ids.requestId(0, number)).toMatch(UUID_V4);
  expect(ids.correlationId(0xfff, number)).toMatch(UUID_V4);
});

test('ids differ by phase, by number and between requests and sessions', () => {
  const all = [0, 1].flatMap((phase) =>
    [0, 1, 2 ** 52].flatMap((number) => [ids.requestId(phase, number), ids.correlationId(phase, number)]),
  );
  expect(new Set(all).size).toBe(12);
});

test('the same numbers give the same id', () => {
  expect(ids.requestId(1, 42)).toBe('01234567-89ab-4001-8000-00000000002a');
  expect(createRequestIds('0123456789ab').requestId(1, 42)).toBe(ids.requestId(1, 42));
});
