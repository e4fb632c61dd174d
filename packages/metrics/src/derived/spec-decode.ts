import type { DerivedMetric } from '../metric.ts';
import { ratio } from '../ratio.ts';
import { total } from './totals.ts';

/** Speculative decoding over a phase; requests count by their steps and drafts, not each alike. */
export const specDecodeTotals: readonly DerivedMetric[] = [
  total({
    tag: 'total_spec_decode_steps',
    header: 'Total Spec Decode Steps',
    of: 'spec_decode_steps',
    flags: [],
    unit: 'count',
    displayOrder: 5140,
  }),
  total({
    tag: 'total_accepted_draft_tokens',
    header: 'Total Accepted Draft Tokens',
    of: 'spec_decode_accepted_draft_tokens',
    flags: [],
    displayOrder: 5150,
  }),
  total({
    tag: 'total_draft_tokens',
    header: 'Total Draft Tokens',
    of: 'spec_decode_draft_tokens',
    flags: [],
    displayOrder: 5160,
  }),
  {
    tag: 'spec_decode_token_weighted_acceptance_length',
    header: 'Token-Weighted Acceptance Length',
    unit: 'ratio',
    kind: 'derived',
    flags: ['larger_is_better'],
    consoleGroup: 'spec_decode',
    displayOrder: 5010,
    requires: ['total_accepted_draft_tokens', 'total_spec_decode_steps'],
    formula: '1 + total_accepted_draft_tokens / total_spec_decode_steps',
    compute: (run) => 1 + ratio(run.scalar('total_accepted_draft_tokens'), run.scalar('total_spec_decode_steps')),
  },
  {
    tag: 'spec_decode_overall_draft_acceptance_rate',
    header: 'Overall Draft Acceptance Rate',
    unit: '%',
    kind: 'derived',
    flags: ['larger_is_better'],
    consoleGroup: 'spec_decode',
    displayOrder: 5025,
    requires: ['total_accepted_draft_tokens', 'total_draft_tokens'],
    formula: 'total_accepted_draft_tokens / total_draft_tokens * 100',
    compute: (run) => ratio(run.scalar('total_accepted_draft_tokens'), run.scalar('total_draft_tokens')) * 100,
  },
];
