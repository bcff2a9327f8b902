import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { releaseBlobs } from "@edgeloop/cloud-sync/node";
import { readGatewayConfig } from "@edgeloop/device-agent/node";
import { tinyBundle } from "@edgeloop/device-agent/testing";
import { connectAsync } from "mqtt";
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest";
import { freePort } from "../demo/fleet/free-port.ts";
import { writeLocalPackage } from "../release/local-package.ts";
import { temporary, testContext } from "../testing.ts";
import { run } from "./gateway-run.ts";

beforeEach(() => void vi.spyOn(process.stderr, "write").mockReturnValue(true));
afterEach(() => void vi.restoreAllMocks());

async function gatewayFile(directory: string, more = ""): Promise<string> {
  const file = join(directory, "gateway.yaml");
  writeFileSync(
    file,
    `{format: 1, id: g, fleet: f, line: pumps, dataDirectory: data, broker: {embedded: {port: ${await freePort()}}},
      http: {port: 0}, inference: {backend: wasm}${more}, sensors: [{kind: mqtt, sensor: s, topic: t, rateHz: 100,
      channels: [{name: x, unit: m/s2}, {name: "y", unit: m/s2}], format: {kind: packed, type: float32, time: {type: int64, unit: us}}}]}`,
  );
  return file;
}

/** Ten rows of both channels, one value. */
function packet(index: number, value: number): Buffer {
  const bytes = Buffer.alloc(8 + 20 * 4);
  bytes.writeBigInt64LE(BigInt(index * 100_000));
  for (let at = 0; at < 20; at += 1) bytes.writeFloatLE(value, 8 + at * 4);
  return bytes;
}

test("a local release is installed, and its predictions are printed", async () => {
  const directory = temporary();
  const file = await gatewayFile(directory);
  const install = join(directory, "release");
  await writeLocalPackage(install, await tinyBundle(await releaseBlobs(install)));
  const predicted = Promise.withResolvers<void>();
  const serves = Promise.withResolvers<void>();
  const context = testContext();
  const say = (line: string): void => {
    context.say(line);
    if (line.includes("moving")) predicted.resolve();
    if (line.endsWith("serves")) serves.resolve();
  };
  const running = run({ ...context, say }, [file], { install, print: true });
  const { broker } = await readGatewayConfig(file);
  const port = "embedded" in broker ? broker.embedded.port : 0;
  await expect.poll(() => context.said.length).toBeGreaterThan(1);
  const client = await connectAsync(`mqtt://127.0.0.1:${port}`);
  onTestFinished(() => client.endAsync(true));
  let done = false;
  void Promise.all([predicted.promise, serves.promise]).then(() => {
    done = true;
  });
  for (let index = 0; !done; index += 1)
    await client.publishAsync("t", packet(index, 5), { qos: 1 });
  context.stop();
  expect(await running).toEqual({ format: 1, id: "g" });
  expect(context.failed).toEqual([]);
});

test("a package without a release of the line ends the command", async () => {
  const directory = temporary();
  const context = testContext();
  const install = join(directory, "none");
  await expect(run(context, [await gatewayFile(directory)], { install })).rejects.toMatchObject({
    code: "RELEASE_PACKAGE_INVALID",
  });
  context.stop();
});

test("a gateway with a coordinator takes nothing that is unsigned", async () => {
  const file = await gatewayFile(
    temporary(),
    ", coordinator: {url: 'https://plant.example', mqttUrl: 'mqtts://plant.example'}",
  );
  await expect(run(testContext(), [file], { install: "x" })).rejects.toMatchObject({
    code: "INSTALL_COORDINATED",
  });
});
