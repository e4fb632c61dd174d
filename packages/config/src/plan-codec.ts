import { ConfigError } from './config-error.ts';
import type { RunPlan } from './run-plan.ts';
import { Secret } from './secret.ts';

/*
 * What JSON cannot say is an object with a single key that begins with `$`: `$secret` holds a secret's text, `$number` the name of a number
 * without a JSON form, and `$object` a plain object that would look like one of these.
 */

function toWire(value: unknown): unknown {
  if (value instanceof Secret) return { $secret: value.reveal() };
  if (typeof value === 'number') {
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { $number: Object.is(value, -0) ? '-0' : `${value}` };
  }
  if (Array.isArray(value)) return value.map(toWire);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, part]): [string, unknown] => [key, toWire(part)]);
  const wire = Object.fromEntries(entries);
  return entries.length === 1 && entries[0]?.[0].startsWith('$') ? { $object: wire } : wire;
}

function fromEntries(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([key, part]) => [key, fromWire(part)]));
}

function fromWire(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(fromWire);
  if (typeof value !== 'object' || value === null) return value;
  const [entry, ...others] = Object.entries(value) as [string, unknown][];
  if (entry === undefined || others.length > 0) return fromEntries(value);
  const [key, content] = entry;
  if (key === '$secret' && typeof content === 'string') return new Secret(content);
  if (key === '$number') return Number(content);
  if (key === '$object' && typeof content === 'object' && content !== null) return fromEntries(content);
  return fromEntries(value);
}

/**
 * The plan as text for the bus. It reveals every secret, because workers have to send them: the text must only ever go to the run's own
 * processes, never to a log or a file.
 */
export function encodePlan(plan: RunPlan): string {
  return JSON.stringify(toWire(plan));
}

/** The plan that {@link encodePlan} wrote, secrets wrapped again. */
export function decodePlan(text: string): RunPlan {
  let value: unknown;
  try {
    value = fromWire(JSON.parse(text));
  } catch {
    // The parser's own message quotes the text, which holds secrets, so it is not kept as cause.
    throw new ConfigError(
      'AIPERF_CONFIG_BAD_PLAN',
      `Expected a run plan as JSON, found ${text.length} characters of something else`,
    );
  }
  const isPlan =
    typeof value === 'object' &&
    value !== null &&
    'benchmarkId' in value &&
    'config' in value &&
    'clockOrigin' in value;
  if (!isPlan) throw new ConfigError('AIPERF_CONFIG_BAD_PLAN', 'Expected a run plan, found JSON without its fields');
  return value as unknown as RunPlan;
}
