import { twoDecimals } from '../number-format.ts';

const LABEL_WIDTH = 40;
const VALUE_WIDTH = 10;
const RULE_WIDTH = 50;

/** Label and value in columns of 40 and 10, as Python's `{:<40} {:<10}`; the value keeps its trailing spaces. */
export function labelled(label: string, value: string): string {
  return `${label.padEnd(LABEL_WIDTH)} ${value.padEnd(VALUE_WIDTH)}`;
}

/** {@link labelled} with two decimals. */
export function labelledDecimals(label: string, value: number): string {
  return labelled(label, twoDecimals(value));
}

/** A line of 50 characters with a title in its middle; of an odd rest, the longer part is on the right. */
export function rule(title: string, fill: string): string {
  const rest = Math.max(0, RULE_WIDTH - title.length);
  const left = Math.floor(rest / 2);
  return fill.repeat(left) + title + fill.repeat(rest - left);
}

/** One decimal as Python's `.1f`: an exact tie goes to the even digit, where `toFixed` goes up. */
export function oneDecimal(value: number): string {
  const isDownwardTie = Number.isInteger(value * 4) && Math.abs(value * 4) % 4 === 1;
  return (isDownwardTie ? value - Math.sign(value) * 0.01 : value).toFixed(1);
}

/** Nearest integer as Python's `round`: a tie goes to the even one. */
export function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
