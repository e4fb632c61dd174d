/** Local time without zone, microseconds, as Python's `datetime.isoformat`, of epoch nanoseconds in decimal. */
export function localIsoMicros(epochNs: string): string {
  const micros = BigInt(epochNs) / 1000n;
  const date = new Date(Number(micros / 1000n));
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day}T${time}.${String(micros % 1_000_000n).padStart(6, '0')}`;
}
