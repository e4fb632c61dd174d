import { describe, expect, test } from 'vitest';
import { endpointOf, endpointTitle, ENDPOINT_TYPES } from './registry.ts';

describe.for(ENDPOINT_TYPES)('endpoint %s', (type) => {
  const endpoint = endpointOf(type);

  test('is called in its descriptor as in the list', () => {
    expect(endpoint.name).toBe(type);
    expect(endpointTitle(type)).toBe(endpoint.title);
  });

  test('has a path that can be sent, and says what it makes', () => {
    expect(endpoint.path).toMatch(/^\/\S*$/u);
    expect(endpoint.serviceKind).toMatch(/^[a-z]+$/u);
    expect(endpoint.traits.producesTokens).toBe(endpoint.produces === 'text');
  });
});

test('an endpoint of another version has the usual title', () => {
  expect(endpointTitle('telepathy')).toBe('LLM Metrics');
});
