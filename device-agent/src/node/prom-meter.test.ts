import { expect, test } from "vitest";
import { gatewayMetrics } from "../gateway-metrics.ts";
import { promMeter } from "./prom-meter.ts";

test("every metric has its help and type before the first sample, and values add up", async () => {
  const meter = promMeter();
  meter.add("refused", ["vibration", "SAMPLES_NOT_FINITE"]);
  meter.add("refused", ["vibration", "SAMPLES_NOT_FINITE"], 2);
  meter.set("stored", 7);
  meter.observe("latency", 0.004);
  const text = await meter.text();
  const name = "edgeloop_refused_payloads_total";
  expect(text).toContain(`${name}{sensor="vibration",code="SAMPLES_NOT_FINITE"} 3\n`);
  expect(text).toContain("edgeloop_stored_windows 7\n");
  expect(text).toContain('edgeloop_window_to_publish_seconds_bucket{le="0.005"} 1\n');
  for (const metric of Object.values(gatewayMetrics)) {
    expect(text).toContain(
      `# HELP ${metric.name} ${metric.help}\n# TYPE ${metric.name} ${metric.kind}`,
    );
  }
  expect(meter.contentType).toMatch(/^text\/plain; version=0\.0\.4/);
});

test("two meters do not share their counts", async () => {
  const [one, other] = [promMeter(), promMeter()];
  one.add("labels");
  expect(await other.text()).toContain("edgeloop_labels_total 0\n");
});

test("quotes and newlines from outside stay inside their label", async () => {
  const meter = promMeter();
  meter.add("refused", ["s", 'A"} 9\nevil 1']);
  expect(await meter.text()).toContain('code="A\\"} 9\\nevil 1"} 1\n');
});
