import { utf8 } from "@edgeloop/core/platform";
import fc from "fast-check";
import { expect, test } from "vitest";
import { jsonDecoder, jsonPath } from "./json.ts";

const info = {
  sensor: "climate",
  rateHz: 1,
  channels: [
    { name: "t", unit: "K" },
    { name: "h", unit: "%" },
  ],
};

test("a zigbee2mqtt payload is one row at the time it came", () => {
  const decode = jsonDecoder(info, { kind: "json", values: ["temperature", "humidity"] });
  // From zigbee2mqtt's documentation of its topics.
  const samples = decode(utf8('{"temperature":27.34,"humidity":44.72}'), 5_000_000);
  expect(samples.startUs).toBe(5_000_000);
  expect([...samples.data]).toEqual([Math.fround(27.34), Math.fround(44.72)]);
});

test("lists of numbers and lists of objects are rows", () => {
  const lists = jsonDecoder(info, { kind: "json", values: ["$.v.t", "v.h"] });
  expect([...lists(utf8('{"v":{"t":[1,2],"h":[3,4]}}'), 9e6).data]).toEqual([1, 3, 2, 4]);
  const objects = jsonDecoder(info, {
    kind: "json",
    rows: "rows",
    values: ["a[0]", "a[1]"],
    time: { path: "at", unit: "iso" },
  });
  const text =
    '{"rows":[{"a":[1,2],"at":"1970-01-01T00:00:01.5Z"},{"a":[3,4],"at":"1970-01-01T01:00:02.000001+01:00"}]}';
  expect(objects(utf8(text), 0)).toMatchObject({
    data: Float32Array.of(1, 2, 3, 4),
    timesUs: Float64Array.of(1_500_000, 2_000_001),
  });
});

test.for([
  ["PAYLOAD_MALFORMED", "not json"],
  ["PAYLOAD_CHANNELS", "{}"],
  ["PAYLOAD_CHANNELS", '{"temperature":"27","humidity":1}'],
  ["PAYLOAD_CHANNELS", '{"temperature":[1,2],"humidity":[1]}'],
  ["PAYLOAD_CHANNELS", "null"],
  ["PAYLOAD_NOT_FINITE", '{"temperature":1e400,"humidity":1}'],
] as const)("%s: %s", ([code, text]) => {
  const decode = jsonDecoder(info, { kind: "json", values: ["temperature", "humidity"] });
  expect(() => decode(utf8(text), 0)).toThrow(expect.objectContaining({ code }));
});

test("paths never reach inherited properties", () => {
  const decode = jsonDecoder(info, { kind: "json", values: ["constructor.length", "__proto__"] });
  expect(() => decode(utf8("{}"), 0)).toThrow(
    expect.objectContaining({ code: "PAYLOAD_CHANNELS" }),
  );
});

test("any JSON is read or refused with a code", () => {
  const decode = jsonDecoder(info, { kind: "json", values: ["a", "b"] });
  fc.assert(
    fc.property(fc.json(), (text) => {
      try {
        expect(decode(utf8(text), 1e9).data.every(Number.isFinite)).toBe(true);
      } catch (error) {
        expect(error).toMatchObject({ code: expect.stringMatching(/^PAYLOAD_/) });
      }
    }),
  );
});

test("a path is split at dots and brackets", () => {
  expect(jsonPath("$.rows[12].x-y")).toEqual(["rows", 12, "x-y"]);
});
