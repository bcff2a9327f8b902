import { parseGatewayConfig } from "@edgeloop/device-agent";
import { expect, test } from "vitest";
import { brokerUrlOf } from "./broker-url.ts";

const withBroker = (broker: string) =>
  parseGatewayConfig(
    `{format: 1, id: g, fleet: f, line: l, dataDirectory: data, broker: ${broker}, http: {port: 0},
      sensors: [{kind: replay, sensor: s, rateHz: 10, channels: [{name: x, unit: m}], recording: r}]}`,
    "gateway.yaml",
  );

test("a fixed port or another broker is found, any free port is not", () => {
  expect(brokerUrlOf(withBroker("{embedded: {port: 1884}}"))).toBe("mqtt://127.0.0.1:1884");
  expect(brokerUrlOf(withBroker("{url: mqtts://plant.example:8883}"))).toBe(
    "mqtts://plant.example:8883",
  );
  expect(() => brokerUrlOf(withBroker("{embedded: {port: 0}}"))).toThrow(
    expect.objectContaining({ code: "BROKER_PORT_UNKNOWN" }),
  );
});
