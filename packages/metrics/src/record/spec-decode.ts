import type { ConsoleGroup, MetricFlag, MetricUnit } from '../metric-definition.ts';
import type { RecordMetric } from '../metric.ts';
import { ratio } from '../ratio.ts';

const STEPS = 'spec_decode_steps';
const ACCEPTED = 'spec_decode_accepted_draft_tokens';
const DRAFT = 'spec_decode_draft_tokens';

interface SpecDecodeMetric {
  readonly tag: string;
  readonly header: string;
  readonly unit: MetricUnit;
  readonly valueType?: 'int' | 'float';
  readonly flags?: readonly MetricFlag[];
  readonly consoleGroup?: ConsoleGroup;
  readonly displayOrder: number;
  readonly requires?: readonly string[];
  readonly formula: string;
  readonly compute: RecordMetric['compute'];
}

function specDecodeMetric({
  valueType = 'float',
  flags = ['larger_is_better'],
  consoleGroup = 'spec_decode',
  ...metric
}: SpecDecodeMetric): RecordMetric {
  return { ...metric, kind: 'record', valueType, flags, consoleGroup };
}

/** Speculative decoding as the engine reports it with the answer; absent where it reports nothing or drafted nothing. */
export const specDecode: readonly RecordMetric[] = [
  specDecodeMetric({
    tag: STEPS,
    header: 'Spec Decode Steps',
    unit: 'count',
    valueType: 'int',
    flags: [],
    displayOrder: 5040,
    formula: 'verification steps as reported by the server',
    compute: ({ specDecoding }) => specDecoding?.steps ?? Number.NaN,
  }),
  specDecodeMetric({
    tag: ACCEPTED,
    header: 'Accepted Draft Tokens',
    unit: 'tokens',
    valueType: 'int',
    flags: [],
    consoleGroup: 'none',
    displayOrder: 5050,
    formula: 'accepted draft tokens as reported by the server',
    compute: ({ specDecoding }) => specDecoding?.acceptedTokens ?? Number.NaN,
  }),
  specDecodeMetric({
    tag: DRAFT,
    header: 'Draft Tokens',
    unit: 'tokens',
    valueType: 'int',
    flags: [],
    consoleGroup: 'none',
    displayOrder: 5060,
    formula: 'proposed draft tokens as reported by the server',
    compute: ({ specDecoding }) => specDecoding?.draftTokens ?? Number.NaN,
  }),
  specDecodeMetric({
    tag: 'spec_decode_acceptance_length',
    header: 'Acceptance Length',
    unit: 'ratio',
    displayOrder: 5000,
    requires: [ACCEPTED, STEPS],
    formula: `1 + ${ACCEPTED} / ${STEPS}`,
    compute: (_record, values) => 1 + ratio(values.get(ACCEPTED), values.get(STEPS)),
  }),
  specDecodeMetric({
    tag: 'spec_decode_draft_acceptance_rate',
    header: 'Draft Acceptance Rate',
    unit: '%',
    displayOrder: 5020,
    requires: [ACCEPTED, DRAFT],
    formula: `${ACCEPTED} / ${DRAFT} * 100`,
    compute: (_record, values) => ratio(values.get(ACCEPTED), values.get(DRAFT)) * 100,
  }),
  specDecodeMetric({
    tag: 'spec_decode_accepted_per_verified',
    header: 'Accepted per Verified',
    unit: 'ratio',
    displayOrder: 5030,
    requires: [ACCEPTED, DRAFT, STEPS],
    formula: `(${ACCEPTED} + ${STEPS}) / (${DRAFT} + ${STEPS})`,
    compute: (_record, values) =>
      ratio(values.get(ACCEPTED) + values.get(STEPS), values.get(DRAFT) + values.get(STEPS)),
  }),
];
