import { silentLog } from "@edgeloop/core/platform";
import { expect, onTestFinished, test } from "vitest";
import type { Health } from "../health.ts";
import { openHttp } from "./http.ts";
import { promMeter } from "./prom-meter.ts";

const health = (status: Health["status"]): Health => ({
  format: 1,
  status,
  id: "pump-1",
  fleet: "plant",
  line: "pumps",
  broker: "mqtt://127.0.0.1:1883",
  coordinator: "none",
  diskFull: false,
  storedWindows: 0,
  sensorUs: 0,
  sensors: [],
});

async function open(status: Health["status"], port = 0) {
  const server = await openHttp({
    host: "127.0.0.1",
    port,
    meter: promMeter(),
    health: () => health(status),
    log: silentLog,
  });
  onTestFinished(() => server.close());
  return server;
}

test("metrics come in Prometheus's text format", async () => {
  const { url } = await open("ok");
  const answer = await fetch(`${url}/metrics`);
  expect(answer.headers.get("content-type")).toMatch(/^text\/plain; version=0\.0\.4/);
  expect(await answer.text()).toContain("# TYPE edgeloop_predictions_total counter\n");
});

test.for([
  ["ok", 200],
  ["degraded", 200],
  ["failed", 503],
] as const)("a gateway that is %s answers %i", async ([status, code]) => {
  const { url } = await open(status);
  const answer = await fetch(`${url}/healthz`);
  expect(answer.status).toBe(code);
  expect(await answer.json()).toEqual(health(status));
});

test("a taken port is refused with its code", async () => {
  const { url } = await open("ok");
  await expect(open("ok", Number(new URL(url).port))).rejects.toMatchObject({
    code: "HTTP_UNAVAILABLE",
  });
});
