import type { Envelope } from './service.ts';

/** Whom a message is for; without one it is for everybody. */
export type Target = { readonly serviceId: string } | { readonly serviceType: string };

/**
 * Topic of a message type: `<type>$`, `<type>.<service id>$` or `<type>.<service type>$`.
 * The `$` keeps a prefix subscription to `command` from catching `command_response`.
 */
export function topicOf(type: string, target?: Target): string {
  if (target === undefined) return `${type}$`;
  return `${type}.${'serviceId' in target ? target.serviceId : target.serviceType}$`;
}

/** Wall-clock nanoseconds as a double (steps of 256 ns): for ordering messages, never for a latency. */
function wallClockNs(): number {
  return Math.round((performance.timeOrigin + performance.now()) * 1e6);
}

/** Puts the envelope around a body, stamped now. */
export function envelop(type: string, serviceId: string, body: object, target?: Target): Envelope {
  return {
    message_type: type,
    request_ns: wallClockNs(),
    ...targetFields(target),
    ...body,
    service_id: serviceId,
  };
}

function targetFields(target: Target | undefined): object {
  if (target === undefined) return {};
  return 'serviceId' in target ? { target_service_id: target.serviceId } : { target_service_type: target.serviceType };
}
