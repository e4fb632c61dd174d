import { isObject, numberOf, type JsonObject } from './json.ts';

/** What speculative decoding did for one answer; NaN where the engine does not say. */
export interface SpecDecoding {
  /** Verification steps of the target model. */
  readonly steps: number;
  /** Draft tokens that were accepted; the token that every step adds by itself is not among them. */
  readonly acceptedTokens: number;
  /** Draft tokens that were proposed. */
  readonly draftTokens: number;
}

/** Where an engine says it, and under which names; the first name that is there counts. */
interface Wording {
  readonly find: (answer: JsonObject) => unknown;
  readonly steps: readonly string[];
  readonly accepted: readonly string[];
  readonly draft: readonly string[];
}

const WORDINGS: readonly Wording[] = [
  // vLLM with --per-request-spec-decode-metrics.
  {
    find: (answer) => memberOf(answer['metrics'], 'speculative_decoding'),
    steps: ['num_spec_steps'],
    accepted: ['num_accepted_draft_tokens'],
    draft: ['num_draft_tokens'],
  },
  // SGLang, whose versions differ in the names.
  {
    find: (answer) => memberOf(firstChoiceOf(answer), 'meta_info') ?? answer['meta_info'],
    steps: ['spec_verify_ct'],
    accepted: ['spec_num_correct_drafts', 'spec_accepted_drafts', 'spec_accept_token_num'],
    draft: ['spec_num_proposed_drafts', 'spec_proposed_drafts', 'spec_draft_token_num'],
  },
  // llama.cpp does not count steps.
  { find: (answer) => answer['timings'], steps: [], accepted: ['draft_n_accepted'], draft: ['draft_n'] },
];

/**
 * Reads the acceptance counts of a chunk or a whole answer; absent when there are none, when nothing was drafted, and when they contradict
 * themselves: more accepted than proposed.
 */
export function specDecodingOf(answer: JsonObject): SpecDecoding | undefined {
  for (const { find, steps, accepted, draft } of WORDINGS) {
    const counts = find(answer);
    if (!isObject(counts)) continue;
    const acceptedTokens = firstNumber(counts, accepted);
    const draftTokens = firstNumber(counts, draft);
    const stepCount = firstNumber(counts, steps);
    if (stepCount === undefined && draftTokens === undefined) continue;
    if (stepCount === 0 || draftTokens === 0) return undefined;
    const isPossible = [acceptedTokens, draftTokens, stepCount].every((count) => count === undefined || count >= 0);
    if (!isPossible || (acceptedTokens ?? 0) > (draftTokens ?? Number.POSITIVE_INFINITY)) return undefined;
    return {
      steps: stepCount ?? Number.NaN,
      acceptedTokens: acceptedTokens ?? Number.NaN,
      draftTokens: draftTokens ?? Number.NaN,
    };
  }
  return undefined;
}

function memberOf(value: unknown, key: string): unknown {
  return isObject(value) ? value[key] : undefined;
}

function firstChoiceOf(answer: JsonObject): unknown {
  const choices = answer['choices'];
  return Array.isArray(choices) ? (choices[0] as unknown) : undefined;
}

function firstNumber(counts: JsonObject, names: readonly string[]): number | undefined {
  for (const name of names) {
    const count = numberOf(counts[name]);
    if (count !== undefined) return count;
  }
  return undefined;
}
