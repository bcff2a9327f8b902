import { silentLog } from "@edgeloop/core/platform";
import { parseGatewayConfig } from "@edgeloop/device-agent";
import { connectAsync } from "mqtt";
import { expect, onTestFinished, test } from "vitest";
import { freePort } from "../demo/fleet/free-port.ts";
import { recordBroker } from "./record-broker.ts";

const gatewayOf = (broker: string) =>
  parseGatewayConfig(
    `{format: 1, id: g, fleet: f, line: l, dataDirectory: data, broker: ${broker}, http: {port: 0},
      sensors: [{kind: replay, sensor: s, rateHz: 10, channels: [{name: x, unit: m}], recording: r}]}`,
    "gateway.yaml",
  );

test("a broker stands in for a gateway that does not run, and leaves one that runs alone", async () => {
  const gateway = gatewayOf(`{embedded: {port: ${await freePort()}}}`);
  const standIn = await recordBroker(gateway, silentLog);
  onTestFinished(() => standIn.close());
  const second = await recordBroker(gateway, silentLog);
  await second.close();
  const client = await connectAsync(second.url, {}, false);
  await client.publishAsync("any", "thing", { qos: 1 });
  await client.endAsync();
});

test("a broker beside the gateway is taken as it is", async () => {
  expect((await recordBroker(gatewayOf("{url: mqtt://127.0.0.1:9}"), silentLog)).url).toBe(
    "mqtt://127.0.0.1:9",
  );
});
