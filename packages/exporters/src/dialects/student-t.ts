/** 97.5 % quantile of the normal distribution. */
const NORMAL_QUANTILE = 1.959963984540054;
/** From here on the expansion in 1 / degrees of freedom is exact to nine digits. */
const EXPANSION_FROM = 1000;
const TWO_SIDED = 0.95;

/** The factor of a two-sided 95 % confidence interval: quantile 0.975 of Student's t for a whole number of degrees of freedom. */
export function studentT95(degreesOfFreedom: number): number {
  if (degreesOfFreedom >= EXPANSION_FROM) return expansion(degreesOfFreedom);
  let [low, high] = [NORMAL_QUANTILE, 16];
  while (high - low > 1e-12) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (shareWithin(middle, degreesOfFreedom) < TWO_SIDED) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Cornish-Fisher expansion (Abramowitz and Stegun 26.7.5), its first two corrections. */
function expansion(degreesOfFreedom: number): number {
  const z = NORMAL_QUANTILE;
  const first = (z ** 3 + z) / 4;
  const second = (5 * z ** 5 + 16 * z ** 3 + 3 * z) / 96;
  return z + first / degreesOfFreedom + second / degreesOfFreedom ** 2;
}

/** Probability of a value between -t and t, by the finite sums for whole degrees of freedom (Abramowitz and Stegun 26.7.3 and 26.7.4). */
function shareWithin(t: number, degreesOfFreedom: number): number {
  const angle = Math.atan(t / Math.sqrt(degreesOfFreedom));
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const isOdd = degreesOfFreedom % 2 === 1;
  let term = isOdd ? cosine : 1;
  let sum = 0;
  for (let k = isOdd ? 2 : 1; k < degreesOfFreedom; k += 2) {
    sum += term;
    term *= (k / (k + 1)) * cosine * cosine;
  }
  return isOdd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}
