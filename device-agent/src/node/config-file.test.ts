import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readGatewayConfig } from "./config-file.ts";

test("relative paths are relative to the file's folder, whatever the working directory", async () => {
  const directory = mkdtempSync(join(tmpdir(), "config-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = join(directory, "gateway.yaml");
  writeFileSync(
    file,
    `{format: 1, id: pump-1, fleet: plant, line: pumps, dataDirectory: data, broker: {embedded: {port: 0}},
      http: {port: 0}, coordinator: {url: "http://127.0.0.1:1", mqttUrl: "mqtt://127.0.0.1:2", tokenFile: token},
      sensors: [{kind: replay, sensor: s, rateHz: 10, channels: [{name: x, unit: m}], recording: r}]}`,
  );
  expect(await readGatewayConfig(file)).toMatchObject({
    dataDirectory: join(directory, "data"),
    coordinator: { tokenFile: join(directory, "token") },
    sensors: [{ recording: join(directory, "r") }],
  });
});

test("a file that is not there is refused with its code", async () => {
  await expect(readGatewayConfig("/nowhere/gateway.yaml")).rejects.toMatchObject({
    code: "CONFIG_MISSING",
  });
});
