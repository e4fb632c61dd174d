export { MOCK_SERVER_FLAGS, parseMockServerOptions } from './options.ts';
export type { MockServerOptions, MockServerProblem, ParsedMockServerOptions } from './options.ts';
export { startMockServer } from './server.ts';
export type { MockServer } from './server.ts';
export type { SendLogEntry } from './send-log.ts';
