import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporary } from "../testing.ts";
import { recordSource } from "./record-source.ts";

const options = { topic: "a/b", channels: "x=g,y=g", rate: "50" };

test("a topic with channels and a rate is a sensor of JSON payloads", async () => {
  expect(await recordSource(undefined, options)).toEqual({
    origin: "topic a/b at mqtt://127.0.0.1:1883",
    sensor: {
      kind: "mqtt",
      sensor: "sensor",
      topic: "a/b",
      url: "mqtt://127.0.0.1:1883",
      rateHz: 50,
      channels: [
        { name: "x", unit: "g" },
        { name: "y", unit: "g" },
      ],
      format: { kind: "json", values: ["x", "y"] },
    },
  });
});

test("another format is YAML, held to the channels", async () => {
  const format = "{kind: packed, type: int16, scale: 0.001}";
  expect((await recordSource(undefined, { ...options, format })).sensor).toMatchObject({
    format: { kind: "packed", type: "int16" },
  });
  await expect(
    recordSource(undefined, { ...options, format: "{kind: csv, columns: [0]}" }),
  ).rejects.toMatchObject({ code: "SENSOR_FORMAT_INVALID" });
});

test("a sensor of a gateway is found with its gateway", async () => {
  const path = join(temporary(), "gateway.yaml");
  writeFileSync(
    path,
    `{format: 1, id: g, fleet: f, line: l, dataDirectory: data, broker: {embedded: {port: 1884}},
      http: {port: 0}, sensors: [{kind: mqtt, sensor: s, topic: t, rateHz: 10,
      channels: [{name: x, unit: m}], format: {kind: json, values: [x]}}]}`,
  );
  expect(await recordSource(path, {})).toMatchObject({
    gateway: { id: "g" },
    sensor: { sensor: "s" },
    origin: "topic t at 127.0.0.1:1884",
  });
});

test.for([
  [{}, "--channels"],
  [{ channels: "x=g" }, "--topic"],
  [{ ...options, rate: "0" }, "--rate"],
] as const)("without all of it: %j is wrong usage", async ([given, name]) => {
  await expect(recordSource(undefined, given)).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringContaining(name),
  });
});
