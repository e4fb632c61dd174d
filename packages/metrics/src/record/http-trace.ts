import type { MetricUnit } from '../metric-definition.ts';
import type { RecordMetric } from '../metric.ts';
import type { ParsedRecord } from '../parsed-record.ts';

function httpMetric(
  tag: string,
  header: string,
  unit: MetricUnit,
  displayOrder: number,
  formula: string,
  compute: RecordMetric['compute'],
  requires: readonly string[] = [],
): RecordMetric {
  return {
    tag,
    header,
    unit,
    ...(unit === 'ns' ? { displayUnit: 'ms' } : unit === 'B' ? { displayUnit: 'KB' } : {}),
    kind: 'record',
    valueType: 'int',
    flags: ['http_trace_only'],
    consoleGroup: 'none',
    displayOrder,
    formula,
    compute,
    ...(requires.length === 0 ? {} : { requires }),
  };
}

/** Waiting for a connection. After a second send the first one's start counts, because the time between them is kept apart. */
function blockedNs(record: ParsedRecord): number {
  if (record.resentCount > 0) return Math.max(0, record.startNs - record.queuedNs - record.resendNs);
  const until = Number.isNaN(record.connectStartNs) ? record.startNs : record.connectStartNs;
  return Math.max(0, until - record.queuedNs);
}

function dnsNs(record: ParsedRecord): number {
  return absentAsZero(record.dnsEndNs - record.connectStartNs);
}

/** TCP and TLS, without the name look-up. */
function connectingNs(record: ParsedRecord): number {
  const since = Number.isNaN(record.dnsEndNs) ? record.connectStartNs : record.dnsEndNs;
  return absentAsZero(record.connectEndNs - since);
}

/** The step did not take place (a reused connection, an address without a name): it took no time. */
function absentAsZero(durationNs: number): number {
  return Number.isNaN(durationNs) ? 0 : durationNs;
}

/** The phases of one exchange on the wire. */
export const httpTrace: readonly RecordMetric[] = [
  httpMetric('http_req_blocked', 'HTTP Blocked', 'ns', 2000, 'wait for a connection', blockedNs),
  httpMetric('http_req_dns_lookup', 'HTTP DNS Lookup', 'ns', 2010, 'name look-up; 0 when there was none', dnsNs),
  httpMetric(
    'http_req_connecting',
    'HTTP Connecting',
    'ns',
    2020,
    'TCP and TLS connect; 0 on a reused connection',
    connectingNs,
  ),
  httpMetric(
    'http_req_sending',
    'HTTP Sending',
    'ns',
    2030,
    'request send end - request start',
    (record) => record.sendEndNs - record.startNs,
  ),
  httpMetric(
    'http_req_waiting',
    'HTTP Waiting (TTFB)',
    'ns',
    2040,
    'first body byte - request send end',
    // A server may answer before the socket reports the request as sent.
    (record) => Math.max(0, record.firstBodyNs - record.sendEndNs),
  ),
  httpMetric(
    'http_req_receiving',
    'HTTP Receiving',
    'ns',
    2050,
    'last body byte - first body byte',
    (record) => record.lastBodyNs - record.firstBodyNs,
  ),
  httpMetric(
    'http_req_connection_reused',
    'HTTP Connection Reused',
    'ratio',
    2060,
    '1 on a reused connection, else 0',
    (record) => (record.connectionReused ? 1 : 0),
  ),
  httpMetric('http_req_data_sent', 'HTTP Data Sent', 'B', 2070, 'request bytes', (record) => record.requestBytes),
  httpMetric(
    'http_req_chunks_sent',
    'HTTP Chunks Sent',
    'count',
    2080,
    'times the request was handed to a socket',
    (record) => 1 + record.resentCount,
  ),
  httpMetric(
    'http_req_data_received',
    'HTTP Data Received',
    'B',
    2090,
    'response bytes, headers and framing included',
    (record) => record.responseBytes,
  ),
  httpMetric(
    'http_req_chunks_received',
    'HTTP Chunks Received',
    'count',
    2100,
    'socket reads of the response',
    (record) => record.responseReads,
  ),
  httpMetric(
    'http_req_connection_overhead',
    'HTTP Connection Overhead',
    'ns',
    2110,
    'http_req_blocked + http_req_dns_lookup + http_req_connecting',
    (_record, values) =>
      values.get('http_req_blocked') + values.get('http_req_dns_lookup') + values.get('http_req_connecting'),
    ['http_req_blocked', 'http_req_dns_lookup', 'http_req_connecting'],
  ),
  httpMetric(
    'http_req_duration',
    'HTTP Duration (excl. conn)',
    'ns',
    2120,
    'last body byte - request start',
    (record) => record.lastBodyNs - record.startNs,
  ),
  httpMetric(
    'http_req_total',
    'HTTP Total Time',
    'ns',
    2130,
    'http_req_connection_overhead + http_req_sending + http_req_waiting + http_req_receiving',
    (_record, values) =>
      values.get('http_req_connection_overhead') +
      values.get('http_req_sending') +
      values.get('http_req_waiting') +
      values.get('http_req_receiving'),
    ['http_req_connection_overhead', 'http_req_sending', 'http_req_waiting', 'http_req_receiving'],
  ),
];
