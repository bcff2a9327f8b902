import { expect, test } from "vitest";
import { gatewayMetrics } from "./gateway-metrics.ts";

test("names follow Prometheus: prefix, base units, counters end in _total", () => {
  for (const metric of Object.values(gatewayMetrics)) {
    expect(metric.name).toMatch(/^edgeloop_[a-z0-9_]+$/);
    expect(metric.name.endsWith("_total"), metric.name).toBe(metric.kind === "counter");
  }
  const names = Object.values(gatewayMetrics).map((metric) => metric.name);
  expect(new Set(names).size).toBe(names.length);
});
