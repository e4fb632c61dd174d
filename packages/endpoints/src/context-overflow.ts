import type { RequestError } from '@aiperf/records';

/** Statuses with which servers refuse a request for what is in it. */
const REFUSALS: ReadonlySet<number> = new Set([400, 413, 422]);

/** How servers say it: OpenAI and vLLM, llama.cpp, SGLang, TGI, TensorRT-LLM, Anthropic, Gemini. */
const WORDS: readonly RegExp[] = [
  /context[_ ]length[_ ]exceeded|exceed_context_size/iu,
  /maximum (?:context|input|sequence|model) (?:length|size|tokens)/iu,
  /(?:context|max_model_len|max_seq_len|max_num_tokens).{0,60}exceed|exceed.{0,60}(?:context|max_model_len|max_seq_len|max_num_tokens)/iu,
  /longer than the (?:model|maximum|context)/iu,
  /(?:prompt|input|request) (?:is|was) too (?:long|large)/iu,
  /(?:input|prompt) token count .{0,60}exceeds/iu,
  /must have less than \d+ tokens/iu,
];

/** Whether a request failed because its prompt, or what it asked for, did not fit into the model's context. */
export function isContextOverflow(error: RequestError): boolean {
  const isRefusal = error.httpStatus === undefined ? error.code === 'in_band_error' : REFUSALS.has(error.httpStatus);
  if (!isRefusal) return false;
  return WORDS.some((words) => words.test(error.message) || words.test(error.type));
}
