import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { readGatewayConfig, runGateway } from "@edgeloop/device-agent/node";
import { expect, onTestFinished, test } from "vitest";
import { temporary, testContext } from "../testing.ts";
import { run } from "./gateway-label.ts";

function gatewayFile(): string {
  const path = join(temporary(), "gateway.yaml");
  writeFileSync(
    path,
    `{format: 1, id: g, fleet: f, line: l, dataDirectory: data, broker: {embedded: {port: 0}},
      http: {port: 0}, sensors: [{kind: mqtt, sensor: s, topic: t, rateHz: 10,
      channels: [{name: x, unit: m}], format: {kind: json, values: [x]}}]}`,
  );
  return path;
}

test("a label is in the gateway's store when the command ends", async () => {
  const file = gatewayFile();
  const stop = new AbortController();
  const gateway = await runGateway(await readGatewayConfig(file), { signal: stop.signal });
  onTestFinished(async () => {
    stop.abort();
    await gateway.done;
  });
  const options = { broker: gateway.brokerUrl, from: "1000000", to: "3000000", label: "leak" };
  expect(await run(testContext(), [file], options)).toMatchObject({
    kind: "label",
    sensor: "s",
    startUs: 1_000_000,
    endUs: 3_000_000,
    by: "operator",
  });
  const rows = await gateway.stores.store.query("SELECT label FROM label");
  expect(rows).toMatchObject([{ label: "leak" }]);
});

test.for([
  [{ from: "0", to: "1" }, "USAGE", "--label"],
  [{ from: "0", to: "noon", label: "a" }, "USAGE", "noon"],
  [{ from: "5", to: "5", label: "a", broker: "mqtt://127.0.0.1:1" }, "LABEL_INVALID", "endUs"],
  [{ from: "0", to: "1", label: "a" }, "BROKER_PORT_UNKNOWN", "broker.embedded.port"],
  [
    { from: "0", to: "1", label: "a", broker: "mqtt://127.0.0.1:1" },
    "GATEWAY_UNREACHABLE",
    "gateway run",
  ],
] as const)("%j is refused with %s", async ([options, code, part]) => {
  await expect(run(testContext(), [gatewayFile()], options)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(part),
  });
});
