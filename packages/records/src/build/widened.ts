/** The larger of two columns, with the smaller one's values at its beginning. */
export function widened<A extends Float64Array | Uint32Array | Uint8Array>(from: A, to: A): A {
  to.set(from);
  return to;
}
