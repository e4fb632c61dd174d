const SEC_PER_UNIT: Readonly<Record<string, number>> = {
  '': 1,
  ms: 0.001,
  s: 1,
  sec: 1,
  m: 60,
  min: 60,
  h: 3600,
};

const DURATION_PATTERN = /^([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?)\s*([a-z]*)$/i;

/**
 * Seconds of a duration as users write it: `30` and `30s` are 30, `500ms` is 0.5, `2m` is 120, `1h` is 3600; `inf` is `Infinity`.
 * `undefined` when it is none of these.
 */
export function parseDurationSec(text: string): number | undefined {
  const trimmed = text.trim();
  if (/^(inf|infinity)$/i.test(trimmed)) return Number.POSITIVE_INFINITY;
  const [, digits, unit] = DURATION_PATTERN.exec(trimmed) ?? [];
  if (digits === undefined || unit === undefined) return undefined;
  const secPerUnit = Object.hasOwn(SEC_PER_UNIT, unit.toLowerCase()) ? SEC_PER_UNIT[unit.toLowerCase()] : undefined;
  if (secPerUnit === undefined) return undefined;
  // Dividing keeps decimal fractions exact where multiplying by 0.001 does not (70 ms is 0.07, not 0.07000000000000001).
  return secPerUnit < 1 ? Number(digits) / (1 / secPerUnit) : Number(digits) * secPerUnit;
}

/** Milliseconds of a duration: as {@link parseDurationSec}, but a bare number is milliseconds. */
export function parseDurationMs(text: string): number | undefined {
  const [, digits, unit] = DURATION_PATTERN.exec(text.trim()) ?? [];
  if (digits !== undefined && (unit === '' || unit?.toLowerCase() === 'ms')) return Number(digits);
  const sec = parseDurationSec(text);
  return sec === undefined ? undefined : sec * 1000;
}

/** The number that a word spells in decimal notation (`1_000` included), else `undefined`. */
export function parseDecimal(text: string): number | undefined {
  if (!/^[+-]?(\d+(_\d+)*(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text)) return undefined;
  return Number(text.replaceAll('_', ''));
}
