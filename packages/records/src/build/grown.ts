type Growable = Float64Array | Int32Array | Uint32Array | Uint8Array;

/** The array itself if it has room for `neededLength` entries; otherwise a larger one, at least twice as long, that begins with its values. */
export function grown<A extends Growable>(values: A, neededLength: number): A {
  if (neededLength <= values.length) return values;
  const length = Math.max(neededLength, values.length * 2);
  const larger = Buffer.isBuffer(values)
    ? // What is beyond the old bytes is always written before it is read.
      Buffer.allocUnsafeSlow(length)
    : new (values.constructor as new (length: number) => Growable)(length);
  larger.set(values);
  return larger as A;
}
