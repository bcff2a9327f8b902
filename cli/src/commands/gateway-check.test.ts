import { writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { temporary, testContext } from "../testing.ts";
import { run } from "./gateway-check.ts";

function gatewayFile(port: number, more = ""): string {
  const path = join(temporary(), "gateway.yaml");
  writeFileSync(
    path,
    `{format: 1, id: g, fleet: f, line: l, dataDirectory: data, broker: {embedded: {port: ${port}}},
      http: {port: 0}${more}, sensors: [{kind: mqtt, sensor: s, topic: t, rateHz: 10,
      channels: [{name: x, unit: m}], format: {kind: json, values: [x]}}]}`,
  );
  return path;
}

test("what is there is listed, and the exit code stays 0", async () => {
  const context = testContext();
  expect(await run(context, [gatewayFile(0)], {})).toMatchObject({ ok: true, id: "g" });
  expect(context.failed).toEqual([]);
  expect(context.said.join("\n")).toMatch(/ok\s+sensor s/);
});

test("what is missing is named, with exit code 1 and the findings all the same", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as AddressInfo;
  const context = testContext();
  expect(await run(context, [gatewayFile(port)], {})).toMatchObject({ ok: false });
  expect(context.failed).toEqual([
    { code: "GATEWAY_NOT_READY", message: expect.stringMatching(/gateway\.yaml: broker$/) },
  ]);
});

test("a wrong field is named with its line", async () => {
  await expect(
    run(testContext(), [gatewayFile(0, ", inference: {threads: many}")], {}),
  ).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(/gateway\.yaml:2: inference\.threads: expected/),
  });
});
