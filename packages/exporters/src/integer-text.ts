import { pythonFloat } from './number-format.ts';

/** `000` to `999`. */
const THREE_DIGITS: readonly string[] = Array.from({ length: 1000 }, (_, value) => String(value).padStart(3, '0'));
/** The same without zeros at the end; empty for zero. */
const TRIMMED: readonly string[] = THREE_DIGITS.map((digits) => digits.replace(/0+$/, ''));

/** Up to here a quotient by a million has at most 15 significant digits, which every double gives back. */
const EXACT_LIMIT = 1e15;

/**
 * A whole number divided by a million, such as nanoseconds in milliseconds, printed as the nearest double would be, at a fraction of the
 * cost: one run prints dozens of such numbers a request.
 */
export function millionthsText(value: number): string {
  if (!(value >= 0 && value < EXACT_LIMIT) || (value > 0 && value < 100) || !Number.isInteger(value))
    return pythonFloat(value / 1e6);
  const whole = Math.floor(value / 1e6);
  const fraction = value - whole * 1e6;
  const high = Math.floor(fraction / 1000);
  const low = fraction - high * 1000;
  if (low !== 0) return `${whole}.${THREE_DIGITS[high]}${TRIMMED[low]}`;
  return `${whole}.${high === 0 ? '0' : TRIMMED[high]}`;
}

/** Prints the 64-bit integers of a column exactly, without a BigInt for each. */
export function int64Text(values: BigInt64Array): (index: number) => string {
  const halves = new Uint32Array(values.buffer, values.byteOffset, values.length * 2);
  let knownBillions = 0;
  let knownText = '';
  return (index) => {
    const low = halves[index * 2] ?? 0;
    const high = halves[index * 2 + 1] ?? 0;
    if (high >= 0x8000_0000) return String(values[index]);
    // Long division by 10^9 with 16 bits at a time: no intermediate exceeds 2^53.
    const topBillions = Math.floor(high / 1e9);
    const upper = (high - topBillions * 1e9) * 65_536 + (low >>> 16);
    const upperBillions = Math.floor(upper / 1e9);
    const lower = (upper - upperBillions * 1e9) * 65_536 + (low & 0xffff);
    const lowerBillions = Math.floor(lower / 1e9);
    const rest = lower - lowerBillions * 1e9;
    const billions = topBillions * 4_294_967_296 + upperBillions * 65_536 + lowerBillions;
    if (billions === 0) return String(rest);
    if (billions !== knownBillions) {
      knownBillions = billions;
      knownText = String(billions);
    }
    const millions = Math.floor(rest / 1e6);
    const thousands = Math.floor((rest - millions * 1e6) / 1000);
    return `${knownText}${THREE_DIGITS[millions]}${THREE_DIGITS[thousands]}${THREE_DIGITS[rest % 1000]}`;
  };
}
