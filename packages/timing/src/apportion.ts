/**
 * Splits a whole number into whole parts in proportion to `weights`, exactly: the parts add up to `total`. No part exceeds its (whole)
 * weight while `total` does not exceed their sum. Fractions go to the largest remainders, equal ones to the first.
 */
export function apportion(total: number, weights: readonly number[]): number[] {
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0);
  if (weightSum === 0) return weights.map(() => 0);
  const exact = weights.map((weight) => (total * weight) / weightSum);
  const parts = exact.map(Math.floor);
  const left = total - parts.reduce((sum, part) => sum + part, 0);
  const byRemainder = exact
    .map((value, index) => ({ index, remainder: value - Math.floor(value) }))
    .sort((a, b) => b.remainder - a.remainder || a.index - b.index);
  for (const { index } of byRemainder.slice(0, left)) parts[index] = (parts[index] ?? 0) + 1;
  return parts;
}

/**
 * Splits a concurrency over workers as evenly as their own limits allow; the first ones get what is left over. The slots add up to
 * `concurrency`, or to all limits together when that is less. Taking a worker out never lowers the slots of another one.
 */
export function splitSlots(concurrency: number, limits: readonly number[]): number[] {
  const slots = limits.map(() => 0);
  let left = concurrency;
  let open = limits.map((_, index) => index).filter((index) => (limits[index] ?? 0) > 0);
  while (left > 0 && open.length > 0) {
    // The level rises until the tightest limit is reached, then goes on without that worker.
    const room = Math.min(...open.map((index) => (limits[index] ?? 0) - (slots[index] ?? 0)));
    const rise = Math.min(room, Math.floor(left / open.length));
    const receivers = rise > 0 ? open : open.slice(0, left);
    for (const index of receivers) slots[index] = (slots[index] ?? 0) + Math.max(rise, 1);
    left -= receivers.length * Math.max(rise, 1);
    open = open.filter((index) => (limits[index] ?? 0) > (slots[index] ?? 0));
  }
  return slots;
}
