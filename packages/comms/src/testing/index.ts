export { createTestContext } from './test-context.ts';
export type { TestContext, TestContextOptions, TestLogLine } from './test-context.ts';
export { COMMS_CASES } from './comms-suite.ts';
export type { CommsCase, CommsPeer, CommsUnderTest, SuiteMessages } from './comms-suite.ts';
