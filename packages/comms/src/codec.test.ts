import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeJson, decodeMessage, encodeJson } from './codec.ts';
import { envelop, topicOf } from './message.ts';

describe('codec', () => {
  test('what is JSON comes back as it was', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
        expect(decodeJson(encodeJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
      { seed: 1 },
    );
  });

  test.for([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%s is written as null', (value) => {
    expect(Buffer.from(encodeJson({ value, list: [value] })).toString()).toBe('{"value":null,"list":[null]}');
  });

  test('a value that JSON cannot hold is an encode error', () => {
    expect(() => encodeJson({ value: 1n })).toThrow(expect.objectContaining({ code: 'AIPERF_COMMS_ENCODE' }) as Error);
  });

  test.for([
    ['broken JSON', '{"a":'],
    ['an array', '[]'],
    ['null', 'null'],
    ['a text', '"x"'],
    ['nothing', ''],
  ] as const)('%s is a decode error', ([, text]) => {
    expect(() => decodeJson(Buffer.from(text))).toThrow(
      expect.objectContaining({ code: 'AIPERF_COMMS_DECODE' }) as Error,
    );
  });

  test('bytes that are no UTF-8 are a decode error', () => {
    expect(() => decodeJson(Uint8Array.of(0x7b, 0xff, 0x7d))).toThrow(/not JSON/);
  });

  test.for(['{"service_id":"a"}', '{"message_type":"a"}', '{"message_type":1,"service_id":"a"}'])(
    'an envelope like %s is refused',
    (text) => {
      expect(() => decodeMessage(Buffer.from(text))).toThrow(/message_type or service_id/);
    },
  );

  test('a message without a time has none, not zero', () => {
    expect(decodeMessage(Buffer.from('{"message_type":"a","service_id":"b"}')).request_ns).toBeNaN();
  });
});

describe('envelope and topics', () => {
  test('the body cannot pretend to come from another service', () => {
    expect(envelop('heartbeat', 'worker_1', { service_id: 'other', state: 'running' })).toMatchObject({
      message_type: 'heartbeat',
      service_id: 'worker_1',
      state: 'running',
    });
  });

  test('the time is a whole number of nanoseconds that JSON writes without an exponent', () => {
    const text = JSON.stringify(envelop('heartbeat', 'worker_1', {}));
    expect(text).toMatch(/"request_ns":\d{19}[,}]/);
  });

  test.for([
    ['heartbeat$', undefined, {}],
    ['heartbeat.worker_1$', { serviceId: 'worker_1' }, { target_service_id: 'worker_1' }],
    ['heartbeat.worker$', { serviceType: 'worker' }, { target_service_type: 'worker' }],
  ] as const)('%s', ([topic, target, fields]) => {
    expect(topicOf('heartbeat', target)).toBe(topic);
    expect(envelop('heartbeat', 'a', {}, target)).toMatchObject(fields);
  });
});
