import { CommsError, errorText } from './comms-error.ts';
import type { Envelope } from './service.ts';

const decoder = new TextDecoder('utf-8', { fatal: true });

/** One JSON object as UTF-8. A number that is not finite becomes `null`; a value that JSON cannot hold throws `AIPERF_COMMS_ENCODE`. */
export function encodeJson(value: object): Uint8Array {
  try {
    return Buffer.from(JSON.stringify(value));
  } catch (error) {
    throw new CommsError('AIPERF_COMMS_ENCODE', `A message body is not JSON: ${errorText(error)}`, { cause: error });
  }
}

/** One JSON object from UTF-8; throws `AIPERF_COMMS_DECODE` for anything else. */
export function decodeJson(bytes: Uint8Array): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(decoder.decode(bytes));
  } catch (error) {
    throw new CommsError(
      'AIPERF_COMMS_DECODE',
      `A message of ${bytes.byteLength} bytes is not JSON: ${errorText(error)}`,
      { cause: error },
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new CommsError('AIPERF_COMMS_DECODE', 'A message is not a JSON object');
  }
  return value as Record<string, unknown>;
}

/** A body with its envelope; throws `AIPERF_COMMS_DECODE` when the envelope is incomplete. */
export function decodeMessage(bytes: Uint8Array): Envelope & Record<string, unknown> {
  const value = decodeJson(bytes);
  const { message_type: type, service_id: serviceId, request_ns: sentNs } = value;
  if (typeof type !== 'string' || typeof serviceId !== 'string') {
    throw new CommsError('AIPERF_COMMS_DECODE', 'A message lacks message_type or service_id');
  }
  // Other programs may leave the time out; absent is NaN in a number.
  const request_ns = typeof sentNs === 'number' ? sentNs : Number.NaN;
  return { ...value, message_type: type, service_id: serviceId, request_ns };
}
