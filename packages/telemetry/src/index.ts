export { parsePrometheusText } from './prometheus-parser.ts';
export type { FamilyType, MetricFamily, PrometheusPage, PrometheusProblem, Sample } from './prometheus-parser.ts';
