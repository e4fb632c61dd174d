import { grown } from '@aiperf/records';
import type { MetricDefinition, MetricResult } from '../metric-definition.ts';
import { WeightedSummary } from '../stats/weighted-summary.ts';
import { CURVES, type Curve, type CurveValues } from './curve-definitions.ts';

const QUANTILES = [
  ['p50', 0.5],
  ['p90', 0.9],
  ['p95', 0.95],
  ['p99', 0.99],
] as const;

/** Statistics of one curve in one window, in as many passes over its steps as it asks for. */
export class CurveSummary {
  readonly #curve: Curve;
  readonly #place: number;
  readonly #windowNs: number;
  readonly #steps: KeptSteps | WeightedSummary;
  #value = 0;
  #lengthNs = 0;
  /** Set when no further pass is needed; nothing for the active metric of a curve that never was active. */
  results: readonly MetricResult[] | undefined;

  /** With `keepsSteps` one pass is enough, because the steps are kept and gone through again at its end. */
  constructor(curve: Curve, windowNs: number, keepsSteps: boolean) {
    this.#curve = curve;
    this.#place = CURVES.indexOf(curve);
    this.#windowNs = windowNs;
    this.#steps = keepsSteps ? new KeptSteps() : this.#createSummary();
  }

  /** The curves hold these values for a time. */
  add({ values, actives }: CurveValues, lengthNs: number): void {
    if (actives[this.#place] === 0) return;
    const value = values[this.#place] ?? 0;
    if (value !== this.#value) this.#flush(value);
    this.#lengthNs += lengthNs;
  }

  endPass(): void {
    this.#flush(0);
    const steps = this.#steps;
    const summary = steps instanceof KeptSteps ? this.#createSummary() : steps;
    if (steps instanceof KeptSteps) {
      while (!summary.isDone) {
        steps.replay(summary);
        summary.endPass();
      }
      steps.clear();
    } else {
      summary.endPass();
    }
    if (summary.isDone) this.results = this.#resultsOf(summary);
  }

  #createSummary(): WeightedSummary {
    return new WeightedSummary((activeNs) => this.#targets(activeNs));
  }

  #resultsOf(summary: WeightedSummary): MetricResult[] {
    const { effective, active } = this.#curve;
    const moments = summary.moments ?? { weight: 0, avg: 0, squares: 0, min: 0, max: 0 };
    const activeNs = moments.weight;
    const idleNs = this.#windowNs - activeNs;
    const avg = (moments.avg * activeNs) / this.#windowNs;
    const squares = moments.squares + activeNs * (moments.avg - avg) ** 2 + idleNs * avg ** 2;
    const valueAt = (targetNs: number): number => (targetNs > 0 ? summary.valueAt(targetNs) : 0);
    const whole: MetricResult = {
      ...named(effective),
      avg,
      ...quantiles((q) => valueAt(q * this.#windowNs - idleNs)),
      min: idleNs > 0 ? 0 : moments.min,
      max: moments.max,
      std: Math.sqrt(squares / this.#windowNs),
    };
    if (active === undefined || activeNs === 0) return [whole];
    const busy: MetricResult = {
      ...named(active),
      avg: moments.avg,
      ...quantiles((q) => valueAt(q * activeNs)),
      min: moments.min,
      max: moments.max,
      std: Math.sqrt(moments.squares / activeNs),
    };
    return [whole, busy];
  }

  /** Where the time-weighted quantiles lie among the active steps, of which the idle time comes before all. */
  #targets(activeNs: number): number[] {
    const idleNs = this.#windowNs - activeNs;
    const whole = QUANTILES.map(([, q]) => q * this.#windowNs - idleNs);
    const active = this.#curve.active === undefined ? [] : QUANTILES.map(([, q]) => q * activeNs);
    return [...whole, ...active].filter((targetNs) => targetNs > 0);
  }

  #flush(next: number): void {
    if (this.#lengthNs > 0) this.#steps.add(this.#value, this.#lengthNs);
    this.#value = next;
    this.#lengthNs = 0;
  }
}

/** Values of a curve and how long each held. */
class KeptSteps {
  #values = new Float64Array(64);
  #lengthsNs = new Float64Array(64);
  #count = 0;

  add(value: number, lengthNs: number): void {
    if (this.#count === this.#values.length) {
      this.#values = grown(this.#values, this.#count + 1);
      this.#lengthsNs = grown(this.#lengthsNs, this.#count + 1);
    }
    this.#values[this.#count] = value;
    this.#lengthsNs[this.#count++] = lengthNs;
  }

  replay(into: WeightedSummary): void {
    for (let index = 0; index < this.#count; index++) into.add(this.#values[index] ?? 0, this.#lengthsNs[index] ?? 0);
  }

  clear(): void {
    this.#values = new Float64Array(0);
    this.#lengthsNs = new Float64Array(0);
    this.#count = 0;
  }
}

function named({ tag, header, unit }: MetricDefinition): Pick<MetricResult, 'tag' | 'header' | 'unit'> {
  return { tag, header, unit };
}

function quantiles(valueOf: (q: number) => number): Pick<MetricResult, 'p50' | 'p90' | 'p95' | 'p99'> {
  return Object.fromEntries(QUANTILES.map(([name, q]) => [name, valueOf(q)]));
}
