/** Metrics whose values follow from server, load and counts alone: they must be equal, not merely close. */
const DETERMINED: readonly RegExp[] = [
  /^(request|completed_request|error_request|good_request|context_overflow|osl_mismatch|usage_discrepancy)_count$/,
  /^request_error_rate$/,
  /^(input|output)_sequence_length$/,
  /^(output|reasoning)_token_count$/,
  /^(total_)?(error_isl|isl|osl|output_tokens|reasoning_tokens)$/,
  /^(total_)?usage_/,
  /^osl_mismatch_diff_pct$/,
  /^http_req_(chunks|data)_sent$/,
  /^http_req_data_received$/,
  /^http_req_dns_lookup$/,
];

/** Whether a metric's value is determined. */
export function isDetermined(tag: string): boolean {
  return DETERMINED.some((pattern) => pattern.test(tag));
}

/** Has no value where all tokens arrived in one read, which is a matter of timing: a rate per second of no time is none. */
export function hasCountByTiming(tag: string): boolean {
  return tag === 'output_token_throughput_per_user';
}
