import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { GatewayConfig } from "../config.ts";
import { parseGatewayConfig } from "../config.ts";
import { checkGateway } from "./check.ts";

const config = (over: Partial<GatewayConfig> = {}): GatewayConfig => ({
  ...parseGatewayConfig(
    `{format: 1, id: pump-1, fleet: plant, line: pumps, dataDirectory: ${join(tmpdir(), "not", "there", "yet")},
      broker: {embedded: {port: 0}}, http: {port: 0},
      sensors: [{kind: mqtt, sensor: s, rateHz: 10, channels: [{name: x, unit: m}], topic: t, format: {kind: json, values: [x]}}]}`,
    "gateway.yaml",
  ),
  ...over,
});

async function takenPort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

const stateOf = async (over: Partial<GatewayConfig>, what: string) => {
  const { ok, findings } = await checkGateway(config(over));
  return [ok, findings.find((finding) => finding.what === what)?.state];
};

test("a gateway that has all it needs is ok, and what is optional says so", async () => {
  const { ok, findings } = await checkGateway(config());
  expect(ok, JSON.stringify(findings)).toBe(true);
  expect(findings.map(({ what }) => what)).toEqual([
    "data directory",
    "backend native",
    "backend webgpu",
    "backend litert",
    "backend tflite",
    "broker",
    "http",
    "sensor s",
    "coordinator",
  ]);
});

test("a taken port is found before the start", async () => {
  const http = { host: "127.0.0.1", port: await takenPort() };
  expect(await stateOf({ http }, "http")).toEqual([false, "missing"]);
});

test("a broker that does not answer is missing, one that does is there", async () => {
  const url = `mqtt://127.0.0.1:${await takenPort()}`;
  expect(await stateOf({ broker: { url } }, "broker")).toEqual([true, "ok"]);
  expect(await stateOf({ broker: { url: "mqtt://127.0.0.1:1" } }, "broker")).toEqual([
    false,
    "missing",
  ]);
});

test("a serial device that is not plugged in is missing", async () => {
  const [first] = config().sensors;
  const sensor = { ...first!, kind: "firmware", path: "/dev/none", baudRate: 9600 } as const;
  expect(await stateOf({ sensors: [sensor] }, "sensor s")).toEqual([false, "missing"]);
});
