import { expect, test } from "vitest";
import { coordinatorMetrics } from "./metrics.ts";

test("what is counted stands in Prometheus' text format", async () => {
  const metrics = coordinatorMetrics();
  metrics.refused("JWT_EXPIRED");
  metrics.refused("JWT_EXPIRED");
  metrics.answered("/v1/work", 200);
  metrics.received("payload", 12);
  metrics.moved("round", "training");
  metrics.devicesOnline(3);
  const text = await metrics.text();
  for (const line of [
    'edgeloop_coordinator_refusals_total{code="JWT_EXPIRED"} 2',
    'edgeloop_coordinator_requests_total{route="/v1/work",status="200"} 1',
    'edgeloop_coordinator_received_bytes_total{kind="payload"} 12',
    'edgeloop_coordinator_transitions_total{machine="round",state="training"} 1',
    "edgeloop_coordinator_devices_online 3",
  ]) {
    expect(text).toContain(line);
  }
  expect(text.endsWith("\n")).toBe(true);
  expect(metrics.contentType).toContain("version=0.0.4");
});
