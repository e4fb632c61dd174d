export { createTestTrace } from './test-trace.ts';
export type { TestTraceOptions, TestTraceRecord } from './test-trace.ts';
