import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Metric, MetricKey } from "../gateway-metrics.ts";
import { gatewayMetrics } from "../gateway-metrics.ts";
import type { LabelValues, Meter } from "../meter.ts";
import { boundedMeter } from "../meter.ts";

/** A meter whose values Prometheus reads. */
export type PromMeter = Meter & {
  /** Writes all metrics in the text format 0.0.4. */
  text(): Promise<string>;
  readonly contentType: string;
};

type Series =
  | { readonly kind: "counter"; readonly series: Counter }
  | { readonly kind: "gauge"; readonly series: Gauge }
  | { readonly kind: "histogram"; readonly series: Histogram };

/** Builds a meter with a registry of its own, so that two gateways may share a process. */
export function promMeter(): PromMeter {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "edgeloop_" });
  const all = new Map<MetricKey, Series>();
  const seriesOf = (key: MetricKey): Series => {
    const known = all.get(key);
    if (known !== undefined) return known;
    const made = makeSeries(gatewayMetrics[key], registry);
    all.set(key, made);
    return made;
  };
  for (const key of Object.keys(gatewayMetrics) as MetricKey[]) seriesOf(key);
  return {
    ...boundedMeter({
      add(key, labels = [], by = 1) {
        const { kind, series } = seriesOf(key);
        if (kind === "counter") series.inc(labelled(gatewayMetrics[key], labels), by);
      },
      set(key, value) {
        const { kind, series } = seriesOf(key);
        if (kind === "gauge") series.set(value);
      },
      observe(key, value) {
        const { kind, series } = seriesOf(key);
        if (kind === "histogram") series.observe(value);
      },
    }),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}

function makeSeries(metric: Metric, registry: Registry): Series {
  const { kind, name, help, labels, buckets = [] } = metric;
  const options = { name, help, labelNames: [...labels], registers: [registry] };
  if (kind === "counter") return { kind, series: new Counter(options) };
  if (kind === "gauge") return { kind, series: new Gauge(options) };
  return { kind, series: new Histogram({ ...options, buckets: [...buckets] }) };
}

const labelled = (metric: Metric, values: LabelValues): Record<string, string> =>
  Object.fromEntries(metric.labels.map((label, at) => [label, values[at] ?? ""]));
