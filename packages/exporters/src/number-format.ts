/** A double as Python prints it: `24.0`, `1e-05`, `1e+16`. Shortest digits that read back as the same number. */
export function pythonFloat(value: number): string {
  const magnitude = Math.abs(value);
  if (magnitude !== 0 && (magnitude < 1e-4 || magnitude >= 1e16)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  if (!Number.isInteger(value)) return String(value);
  return `${Object.is(value, -0) ? '-0' : value}.0`;
}

/**
 * Two decimals as Python's `.2f`: a tie goes to the even digit, where `toFixed` goes up. A double is such a tie only as an odd
 * multiple of 1/8.
 */
export function twoDecimals(value: number): string {
  const eighths = Math.abs(value) * 8;
  const isDownwardTie = Number.isInteger(eighths) && (eighths % 8 === 1 || eighths % 8 === 5);
  // 0.001 away from a tie there is no other boundary, and the step survives rounding because ties need bits left of the point.
  if (isDownwardTie) return (value - Math.sign(value) * 0.001).toFixed(2);
  return Math.abs(value) < 1e21 ? value.toFixed(2) : `${BigInt(value)}.00`;
}

/** Two decimals with thousands separators: `1,234.56`. */
export function groupedTwoDecimals(value: number): string {
  return twoDecimals(value).replaceAll(/\B(?=(?:\d{3})+\.)/g, ',');
}
