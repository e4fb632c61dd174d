/** `numerator / denominator`; NaN (absent) rather than an infinity when the denominator is 0. */
export function ratio(numerator: number, denominator: number): number {
  return denominator === 0 ? Number.NaN : numerator / denominator;
}
