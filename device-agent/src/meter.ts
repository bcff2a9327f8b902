import type { MetricKey } from "./gateway-metrics.ts";
import { codesMax } from "./limits.ts";

/** Label values of one series, in the order that the metric declares. */
export type LabelValues = readonly string[];

/** Where parts count. */
export type Meter = {
  add(metric: MetricKey, labels?: LabelValues, by?: number): void;
  set(metric: MetricKey, value: number): void;
  observe(metric: MetricKey, value: number): void;
};

/** A meter that can be read back. */
export type ReadableMeter = Meter & { read(metric: MetricKey, labels?: LabelValues): number };

/**
 * Bounds the label values of another meter: beyond `codesMax` different ones a metric counts `other`.
 *
 * Codes come from input; without a bound a sender could make one series a message.
 */
export function boundedMeter(inner: Meter): Meter {
  const seen = new Map<MetricKey, Set<string>>();
  const bounded = (metric: MetricKey, labels: LabelValues): LabelValues => {
    const known = seen.get(metric) ?? new Set();
    seen.set(metric, known);
    const series = labels.join("\n");
    if (!known.has(series) && known.size >= codesMax) return labels.map(() => "other");
    known.add(series);
    return labels;
  };
  return {
    ...inner,
    add: (metric, labels = [], by = 1) => inner.add(metric, bounded(metric, labels), by),
  };
}

/**
 * Builds a meter in memory.
 *
 * @example
 * const meter = memoryMeter();
 * meter.add("refused", ["vibration", "NUMBER_INVALID"]);
 * meter.read("refused"); // => 1
 */
export function memoryMeter(): ReadableMeter {
  const values = new Map<string, number>();
  const keyOf = (metric: MetricKey, labels: LabelValues): string => [metric, ...labels].join("\n");
  return {
    add(metric, labels = [], by = 1) {
      const key = keyOf(metric, labels);
      values.set(key, (values.get(key) ?? 0) + by);
    },
    set: (metric, value) => values.set(metric, value),
    observe: (metric) => values.set(metric, (values.get(metric) ?? 0) + 1),
    read(metric, labels) {
      if (labels !== undefined) return values.get(keyOf(metric, labels)) ?? 0;
      const series = [...values].filter(([key]) => key === metric || key.startsWith(`${metric}\n`));
      return series.reduce((sum, [, value]) => sum + value, 0);
    },
  };
}
