/** Tools whose report of the same requests `aiperf report --dialect` prints. */
export const DIALECT_NAMES = ['vllm', 'guidellm', 'genai-perf', 'sglang'] as const;

/** One of {@link DIALECT_NAMES}. */
export type DialectName = (typeof DIALECT_NAMES)[number];
