import { expect, test } from 'vitest';
import { specDecodingOf, type SpecDecoding } from './spec-decoding.ts';

const VLLM = { num_spec_steps: 10, num_accepted_draft_tokens: 18, num_draft_tokens: 30, num_spec_tokens: 3 };

test.for<[string, Record<string, unknown>, SpecDecoding | undefined]>([
  [
    'vLLM',
    { choices: [], metrics: { speculative_decoding: VLLM } },
    { steps: 10, acceptedTokens: 18, draftTokens: 30 },
  ],
  [
    'SGLang, in the first choice',
    {
      choices: [
        { meta_info: { spec_verify_ct: 7, spec_accepted_drafts: 9, spec_proposed_drafts: 28, spec_accept_rate: 0.3 } },
      ],
    },
    { steps: 7, acceptedTokens: 9, draftTokens: 28 },
  ],
  [
    'SGLang before its names changed',
    { choices: [{}], meta_info: { spec_verify_ct: 7, spec_accept_token_num: 9, spec_draft_token_num: 28 } },
    { steps: 7, acceptedTokens: 9, draftTokens: 28 },
  ],
  [
    'llama.cpp, which does not count steps',
    { choices: [{}], timings: { predicted_n: 16, draft_n: 12, draft_n_accepted: 9 } },
    { steps: Number.NaN, acceptedTokens: 9, draftTokens: 12 },
  ],
  ['llama.cpp without a draft model', { choices: [{}], timings: { predicted_n: 16 } }, undefined],
  ['no step was made', { metrics: { speculative_decoding: { ...VLLM, num_spec_steps: 0 } } }, undefined],
  ['nothing was drafted', { timings: { draft_n: 0, draft_n_accepted: 0 } }, undefined],
  ['more accepted than proposed', { metrics: { speculative_decoding: { ...VLLM, num_draft_tokens: 17 } } }, undefined],
  ['a negative count', { timings: { draft_n: 5, draft_n_accepted: -1 } }, undefined],
  ['other metrics', { metrics: { queue_time: 1 }, choices: [{ meta_info: { id: 'x' } }] }, undefined],
  ['foreign types', { metrics: 'x', choices: 'y', timings: [1] }, undefined],
])('%s', ([, answer, expected]) => {
  expect(specDecodingOf(answer)).toEqual(expected);
});
